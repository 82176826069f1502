// Adam with decoupled weight decay and a running mean: see OptimizerOperations.adamStep. All five lines have `count` values.
//
// A work-group has GROUP_SIZE work-items; a work-item owns LANES values, the last what is left. No local memory.

ELEMENTWISE kernel void adam_step(
    global const float *gradient, global float *values, global float *first, global float *second, global float *average,
    float gradient_scale, float first_decay, float first_rest, float second_decay, float second_rest,
    float second_correction, float epsilon, float keep, float corrected_rate, float average_decay, float average_rest,
    int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector g = gradient_scale * load_some(gradient + start, left);
  vector m = first_decay * load_some(first + start, left) + first_rest * g;
  vector v = second_decay * load_some(second + start, left) + second_rest * (g * g);
  vector w = keep * load_some(values + start, left) - corrected_rate * m / (sqrt(second_correction * v) + epsilon);
  vector mean = average_decay * load_some(average + start, left) + average_rest * w;
  store_some(m, first + start, left);
  store_some(v, second + start, left);
  store_some(w, values + start, left);
  store_some(mean, average + start, left);
}
