#include "PretrainedModels.h"

// Each model directory lies beside this file as users would have it on disk; the program reads the embedded bytes by the
// same code as files.

static const unsigned char mnist_config[] = {
#embed "mnist/config.json"
};
static const unsigned char mnist_scheduler[] = {
#embed "mnist/scheduler_config.json"
};
static const unsigned char mnist_index[] = {
#embed "mnist/diffusion_pytorch_model.safetensors.index.json"
};
static const unsigned char mnist_weights_1[] = {
#embed "mnist/diffusion_pytorch_model-00001-of-00002.safetensors"
};
static const unsigned char mnist_weights_2[] = {
#embed "mnist/diffusion_pytorch_model-00002-of-00002.safetensors"
};
static const unsigned char mnist_statistics[] = {
#embed "mnist/statistics.safetensors"
};
static const unsigned char mnist_ddpm_config[] = {
#embed "mnist-ddpm/config.json"
};
static const unsigned char mnist_ddpm_scheduler[] = {
#embed "mnist-ddpm/scheduler_config.json"
};
static const unsigned char mnist_ddpm_weights[] = {
#embed "mnist-ddpm/diffusion_pytorch_model.safetensors"
};
static const unsigned char mnist_classifier_config[] = {
#embed "mnist-classifier/config.json"
};
static const unsigned char mnist_classifier_weights[] = {
#embed "mnist-classifier/classifier.safetensors"
};

static const struct pretrained_file files[] = {
    {"mnist", "config.json", mnist_config, sizeof mnist_config},
    {"mnist", "scheduler_config.json", mnist_scheduler, sizeof mnist_scheduler},
    {"mnist", "diffusion_pytorch_model.safetensors.index.json", mnist_index, sizeof mnist_index},
    {"mnist", "diffusion_pytorch_model-00001-of-00002.safetensors", mnist_weights_1, sizeof mnist_weights_1},
    {"mnist", "diffusion_pytorch_model-00002-of-00002.safetensors", mnist_weights_2, sizeof mnist_weights_2},
    {"mnist", "statistics.safetensors", mnist_statistics, sizeof mnist_statistics},
    // Trained by this program on the same images, so the statistics are the same.
    {"mnist-ddpm", "config.json", mnist_ddpm_config, sizeof mnist_ddpm_config},
    {"mnist-ddpm", "scheduler_config.json", mnist_ddpm_scheduler, sizeof mnist_ddpm_scheduler},
    {"mnist-ddpm", "diffusion_pytorch_model.safetensors", mnist_ddpm_weights, sizeof mnist_ddpm_weights},
    {"mnist-ddpm", "statistics.safetensors", mnist_statistics, sizeof mnist_statistics},
    {"mnist-classifier", "config.json", mnist_classifier_config, sizeof mnist_classifier_config},
    {"mnist-classifier", "classifier.safetensors", mnist_classifier_weights, sizeof mnist_classifier_weights},
};

const struct pretrained_file *pretrained_files(size_t *count) {
  *count = sizeof files / sizeof files[0];
  return files;
}
