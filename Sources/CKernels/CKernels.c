#include "CKernels.h"

static const char activation_text[] = {
#embed "../../Kernels/activation.cl" suffix(, 0)
};
static const char attention_text[] = {
#embed "../../Kernels/attention.cl" suffix(, 0)
};
static const char attention_gradient_text[] = {
#embed "../../Kernels/attention_gradient.cl" suffix(, 0)
};
static const char attention_tensor_cores_text[] = {
#embed "../../Kernels/attention_tensor_cores.cl" suffix(, 0)
};
static const char common_text[] = {
#embed "../../Kernels/common.cl" suffix(, 0)
};
static const char convolution_text[] = {
#embed "../../Kernels/convolution.cl" suffix(, 0)
};
static const char convolution_gradient_text[] = {
#embed "../../Kernels/convolution_gradient.cl" suffix(, 0)
};
static const char convolution_tensor_cores_text[] = {
#embed "../../Kernels/convolution_tensor_cores.cl" suffix(, 0)
};
static const char fragments_text[] = {
#embed "../../Kernels/fragments.cl" suffix(, 0)
};
static const char matrix_text[] = {
#embed "../../Kernels/matrix.cl" suffix(, 0)
};
static const char normalization_text[] = {
#embed "../../Kernels/normalization.cl" suffix(, 0)
};
static const char normalization_gradient_text[] = {
#embed "../../Kernels/normalization_gradient.cl" suffix(, 0)
};
static const char optimizer_text[] = {
#embed "../../Kernels/optimizer.cl" suffix(, 0)
};
static const char parameters_text[] = {
#embed "../../Kernels/parameters.cl" suffix(, 0)
};
static const char peak_text[] = {
#embed "../../Kernels/peak.cl" suffix(, 0)
};
static const char pointwise_text[] = {
#embed "../../Kernels/pointwise.cl" suffix(, 0)
};
static const char random_text[] = {
#embed "../../Kernels/random.cl" suffix(, 0)
};
static const char reduction_text[] = {
#embed "../../Kernels/reduction.cl" suffix(, 0)
};
static const char resampling_text[] = {
#embed "../../Kernels/resampling.cl" suffix(, 0)
};
static const char winograd_text[] = {
#embed "../../Kernels/winograd.cl" suffix(, 0)
};

#define FILE(name) {#name ".cl", name##_text, sizeof name##_text - 1}

static const embedded_kernel kernels[] = {
    FILE(activation),
    FILE(attention),
    FILE(attention_gradient),
    FILE(attention_tensor_cores),
    FILE(common),
    FILE(convolution),
    FILE(convolution_gradient),
    FILE(convolution_tensor_cores),
    FILE(fragments),
    FILE(matrix),
    FILE(normalization),
    FILE(normalization_gradient),
    FILE(optimizer),
    FILE(parameters),
    FILE(peak),
    FILE(pointwise),
    FILE(random),
    FILE(reduction),
    FILE(resampling),
    FILE(winograd),
};

const embedded_kernel *embedded_kernels(size_t *count) {
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
