#include "PretrainedModels.h"

// Each model directory lies beside this file as users would have it on disk; the program reads the embedded bytes by the
// same code as files. Documentation/Models.md says how each was trained.

static const unsigned char mnist_config[] = {
#embed "mnist/config.json"
};
static const unsigned char mnist_scheduler[] = {
#embed "mnist/scheduler_config.json"
};
static const unsigned char mnist_weights[] = {
#embed "mnist/diffusion_pytorch_model.safetensors"
};
static const unsigned char mnist_statistics[] = {
#embed "mnist/statistics.safetensors"
};
static const unsigned char mnist_late_start[] = {
#embed "mnist/late_start.json"
};
static const unsigned char fashion_mnist_config[] = {
#embed "fashion-mnist/config.json"
};
static const unsigned char fashion_mnist_scheduler[] = {
#embed "fashion-mnist/scheduler_config.json"
};
static const unsigned char fashion_mnist_weights[] = {
#embed "fashion-mnist/diffusion_pytorch_model.safetensors"
};
static const unsigned char fashion_mnist_statistics[] = {
#embed "fashion-mnist/statistics.safetensors"
};
static const unsigned char fashion_mnist_late_start[] = {
#embed "fashion-mnist/late_start.json"
};
static const unsigned char faces_config[] = {
#embed "faces/config.json"
};
static const unsigned char faces_scheduler[] = {
#embed "faces/scheduler_config.json"
};
static const unsigned char faces_weights[] = {
#embed "faces/diffusion_pytorch_model.safetensors"
};
static const unsigned char faces_statistics[] = {
#embed "faces/statistics.safetensors"
};
static const unsigned char faces_late_start[] = {
#embed "faces/late_start.json"
};
static const unsigned char mnist_classifier_config[] = {
#embed "mnist-classifier/config.json"
};
static const unsigned char mnist_classifier_weights[] = {
#embed "mnist-classifier/classifier.safetensors"
};
static const unsigned char mnist_classifier_reference[] = {
#embed "mnist-classifier/reference.safetensors"
};
static const unsigned char fashion_mnist_classifier_config[] = {
#embed "fashion-mnist-classifier/config.json"
};
static const unsigned char fashion_mnist_classifier_weights[] = {
#embed "fashion-mnist-classifier/classifier.safetensors"
};
static const unsigned char fashion_mnist_classifier_reference[] = {
#embed "fashion-mnist-classifier/reference.safetensors"
};
static const unsigned char faces_classifier_config[] = {
#embed "faces-classifier/config.json"
};
static const unsigned char faces_classifier_weights[] = {
#embed "faces-classifier/classifier.safetensors"
};
static const unsigned char faces_classifier_reference[] = {
#embed "faces-classifier/reference.safetensors"
};

static const unsigned char mnist_phase[] = {
#embed "mnist/phase.json"
};
static const unsigned char fashion_mnist_phase[] = {
#embed "fashion-mnist/phase.json"
};
static const unsigned char faces_phase[] = {
#embed "faces/phase.json"
};

#define ENTRY(model, name, bytes) {model, name, bytes, sizeof bytes}
#define DENOISER(model, bytes)                                                \
  ENTRY(model, "config.json", bytes##_config),                                \
  ENTRY(model, "scheduler_config.json", bytes##_scheduler),                   \
  ENTRY(model, "diffusion_pytorch_model.safetensors", bytes##_weights),       \
  ENTRY(model, "statistics.safetensors", bytes##_statistics),                 \
  ENTRY(model, "late_start.json", bytes##_late_start),                        \
  ENTRY(model, "phase.json", bytes##_phase)
#define CLASSIFIER(model, bytes)                                              \
  ENTRY(model, "config.json", bytes##_config),                                \
  ENTRY(model, "classifier.safetensors", bytes##_weights),                    \
  ENTRY(model, "reference.safetensors", bytes##_reference)

static const struct pretrained_file files[] = {
    DENOISER("mnist", mnist),
#ifndef PRETRAINED_MNIST_ONLY  // set by Benchmarks/gpu/pack, for a small bundle
    DENOISER("fashion-mnist", fashion_mnist),
    DENOISER("faces", faces),
    CLASSIFIER("mnist-classifier", mnist_classifier),
    CLASSIFIER("fashion-mnist-classifier", fashion_mnist_classifier),
    CLASSIFIER("faces-classifier", faces_classifier),
#endif
};

const struct pretrained_file *pretrained_files(size_t *count) {
  *count = sizeof files / sizeof files[0];
  return files;
}
