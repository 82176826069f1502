// The most multiply-adds that a core does, from registers alone: what other kernels' rates are compared with.

/// Chains of sums: enough to hide the latency of an addition, few enough for the registers.
enum { PEAK_CHAINS = 12 };

INLINE void add_up(const cpu_word word, const cpu_peak *o, long index) {
  vector sums[PEAK_CHAINS], right = splat(o->factor);
  UNROLL for (int chain = 0; chain < PEAK_CHAINS; chain++) sums[chain] = splat((float)chain);
  for (long i = 0; i < o->iterations; i++) {
    // The compiler must not see that every round does the same.
    __asm__ volatile("" : "+m"(right));
    vector factor = right;
    UNROLL for (int chain = 0; chain < PEAK_CHAINS; chain++)
      sums[chain] = multiply_add(word, sums[chain], o->factor, factor);
  }
  float total = 0;
  UNROLL for (int chain = 0; chain < PEAK_CHAINS; chain++) total += sum_of(sums[chain]);
  o->results[index] = total;
}

static void peak_floats(const void *arguments, long index, void *scratch) { add_up(CPU_FLOATS, arguments, index); }

static void peak_pairs(const void *arguments, long index, void *scratch) { add_up(CPU_PAIRS, arguments, index); }
