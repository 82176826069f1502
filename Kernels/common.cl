// Types, addressing and functions that all other kernel files use; it is compiled in front of each of them.
//
// An activation [batch, channels, height, width] lies channels-last, its channels padded with zeros to a multiple of 16:
//
//   x[b, c, y, x] = data[((b * height + y) * width + x) * PADDED(channels) + c]
//
// Every kernel that writes an activation writes the padding too: zeros, as long as what it reads is finite. Exact buffers
// are row-major. A work-item moves LANES neighbouring channels at a time; LANES divides 16.
// Only core OpenCL C 1.2 is used: no extension, no assumption about sub-groups; no barrier but those that every work-item
// of a group reaches equally often.
#pragma OPENCL FP_CONTRACT ON

// Values that one work-item moves at once, in floats: 4, 8 or 16; the native vector width of processors, 4 elsewhere.
#ifndef LANES
#define LANES 4
#endif

// Work-items in a group of the kernels that move values one by one.
#ifndef GROUP_SIZE
#define GROUP_SIZE 64
#endif

// How a value of an activation lies in memory: 0 a float, 1 an IEEE half, 2 the upper half of a float (bfloat16). Kernels
// compute in floats whatever it is; exact buffers, parameters and scratch are floats.
#ifndef STORAGE
#define STORAGE 0
#endif

// Channels of an activation in memory.
#define PADDED(channels) (((channels) + 15) / 16 * 16)

// A name and a number joined, both expanded: LANED(float) is float8 for eight lanes.
#define JOIN_EXPANDED(name, count) name##count
#define JOIN(name, count) JOIN_EXPANDED(name, count)
#define LANED(name) JOIN(name, LANES)

typedef LANED(float) vector;
typedef LANED(int) vector_mask;
#define load(pointer) LANED(vload)(0, pointer)
#define store(value, pointer) LANED(vstore)(value, 0, pointer)
#if LANES == 16
#define LANE_INDICES ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif LANES == 8
#define LANE_INDICES ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#else
#define LANE_INDICES ((int4)(0, 1, 2, 3))
#endif

// Values of activations: element is one in memory, load_values and store_values move 4 or LANES of them.
#if STORAGE == 0
typedef float element;
#define load_values(count, pointer) JOIN(vload, count)(0, pointer)
#define store_values(count, value, pointer) JOIN(vstore, count)(value, 0, pointer)
#define get_element(pointer) (*(pointer))
#define set_element(value, pointer) (*(pointer) = (value))
#elif STORAGE == 1
typedef half element;
#define load_values(count, pointer) JOIN(vload_half, count)(0, pointer)
#define store_values(count, value, pointer) JOIN(JOIN(vstore_half, count), _rte)(value, 0, pointer)
#define get_element(pointer) vload_half(0, pointer)
#define set_element(value, pointer) vstore_half_rte(value, 0, pointer)
#else
typedef ushort element;
// The upper halves of floats, rounded to the nearest, ties to even; NaN stays one.
#define DEFINE_UPPER(count)                                                                        \
  JOIN(ushort, count) JOIN(upper, count)(JOIN(float, count) value) {                               \
    JOIN(uint, count) bits = JOIN(as_uint, count)(value);                                          \
    JOIN(uint, count) rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);                              \
    return JOIN(convert_ushort, count)(select(rounded, bits | 0x400000u, isnan(value)) >> 16);     \
  }
DEFINE_UPPER(4)
#if LANES != 4
DEFINE_UPPER(LANES)
#endif
#define load_values(count, pointer) JOIN(as_float, count)(JOIN(convert_uint, count)(JOIN(vload, count)(0, pointer)) << 16)
#define store_values(count, value, pointer) JOIN(vstore, count)(JOIN(upper, count)(value), 0, pointer)
#define get_element(pointer) as_float((uint)*(pointer) << 16)
#define set_element(value, pointer) (*(pointer) = upper4((float4)(value)).x)
#endif
#define load_elements(pointer) load_values(LANES, pointer)
#define store_elements(value, pointer) store_values(LANES, value, pointer)

// Work-groups whose kernel keeps vectors of its own: compilers for processors need not vectorise across work-items.
#define ELEMENTWISE __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) __attribute__((vec_type_hint(vector)))

// The first `count` lanes, all of them if it is larger; the others are zero.
vector load_some(global const float *source, int count) {
  if (count >= LANES) return load(source);
  float lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = lane < count ? source[lane] : 0.0f;
  return load(lanes);
}

// Stores the first `count` lanes, all of them if it is larger.
void store_some(vector value, global float *destination, int count) {
  if (count >= LANES) {
    store(value, destination);
  } else {
    float lanes[LANES];
    store(value, lanes);
    for (int lane = 0; lane < count; lane++) destination[lane] = lanes[lane];
  }
}

// The same of an activation.
vector load_some_elements(global const element *source, int count) {
  if (count >= LANES) return load_elements(source);
  float lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = lane < count ? get_element(source + lane) : 0.0f;
  return load(lanes);
}

void store_some_elements(vector value, global element *destination, int count) {
  if (count >= LANES) {
    store_elements(value, destination);
  } else {
    float lanes[LANES];
    store(value, lanes);
    for (int lane = 0; lane < count; lane++) set_element(lanes[lane], destination + lane);
  }
}

// The largest lane.
float largest(vector value) {
  float lanes[LANES];
  store(value, lanes);
  float result = lanes[0];
  for (int lane = 1; lane < LANES; lane++) result = fmax(result, lanes[lane]);
  return result;
}

// The sum of all lanes.
float total(vector value) {
  float lanes[LANES];
  store(value, lanes);
  float result = 0.0f;
  for (int lane = 0; lane < LANES; lane++) result += lanes[lane];
  return result;
}

// Nonlinearities by number, in the order of the host's enumeration; each is zero at zero, so that padding stays zero.
#define IDENTITY 0
#define SILU 1
#define MISH 2
#define GELU 3
#define RELU 4

//   silu(x) = x / (1 + exp(-x))
//   mish(x) = x * tanh(log(1 + exp(x))) = x * n / (n + 2),  n = e (e + 2),  e = exp(x)      (exp(20)^2 is finite)
//   gelu(x) = x * (1 + erf(x / sqrt 2)) / 2 = x * erfc(-x / sqrt 2) / 2
//   relu(x) = max(x, 0), NaN staying NaN
vector apply_function(vector x, int function) {
  if (function == SILU) return x / (1.0f + exp(-x));
  if (function == MISH) {
    vector e = exp(fmin(x, (vector)(20.0f)));
    vector n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
  }
  if (function == GELU) return 0.5f * x * erfc(-0.70710678f * x);
  if (function == RELU) return select(x, (vector)(0.0f), x < (vector)(0.0f));
  return x;
}

// The derivatives of apply_function's functions; each is finite at zero.
//   silu' = s (1 + x (1 - s)), s = 1 / (1 + exp(-x))
//   mish' = n / (n + 2) + x 4 (n + 1) / (n + 2)^2 e / (1 + e),   n = e (e + 2),  e = exp(x)
//   gelu' = erfc(-x / sqrt 2) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)
vector derivative(vector x, int function) {
  if (function == SILU) {
    vector s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  if (function == MISH) {
    vector e = exp(fmin(x, (vector)(20.0f)));
    vector n = e * (e + 2.0f), d = n + 2.0f;
    vector result = n / d + x * (4.0f * (n + 1.0f) / (d * d)) * (e / (1.0f + e));
    return select(result, x, isnan(x));
  }
  if (function == GELU) return 0.5f * erfc(-0.70710678f * x) + x * exp(-0.5f * x * x) * 0.39894228f;
  if (function == RELU) {
    vector step = select((vector)(0.0f), (vector)(1.0f), x > (vector)(0.0f));
    return select(step, x, isnan(x));
  }
  return (vector)(1.0f);
}

// What a convolution adds to its sums besides nothing, in its `features`.
#define HAS_BIAS 1
#define HAS_OFFSET 2
#define HAS_RESIDUAL 4

// Stores LANES channels of a pixel with the epilogue of a convolution added, unless they lie past the padding.
void finish(
    vector sum, global const float *bias, global const element *offset, global const element *residual,
    global element *output, int channels, size_t pixel, int sample, int channel, int features, float scale) {
  if (channel >= PADDED(channels)) return;
  size_t place = pixel * PADDED(channels) + channel;
  if (features & HAS_BIAS) sum += load(bias + channel);
  if (features & HAS_OFFSET) sum += load_elements(offset + (size_t)sample * PADDED(channels) + channel);
  if (features & HAS_RESIDUAL) sum += load_elements(residual + place);
  store_elements(scale * sum, output + place);
}
