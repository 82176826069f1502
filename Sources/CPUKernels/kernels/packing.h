// Filters into panels of PANEL output channels, the columns past the last channel filled with zeros.

/// Writes value k of a column of a panel.
INLINE void put_packed(const cpu_word word, float *panel, long k, long column, float value) {
  if (word == CPU_FLOATS) panel[k * PANEL + column] = value;
  else ((loose_bfloat *)panel)[(k / 2 * PANEL + column) * 2 + k % 2] = bfloat_of(value);
}

/// To [panel][word of tap * channels + channel][PANEL].
INLINE void pack_taps(const cpu_word word, const cpu_packing *o, long panel) {
  long depth = o->taps * o->channels, words = words_of(word, depth);
  float *packed = o->packed + panel * words * PANEL;
  for (long column = 0; column < PANEL; column++) {
    long output = panel * PANEL + column;
    const float *from = o->source + output * o->channels * o->taps;
    for (long c = 0; c < o->channels; c++)
      for (long tap = 0; tap < o->taps; tap++)
        put_packed(word, packed, tap * o->channels + c, column, output < o->outputs ? from[c * o->taps + tap] : 0);
    if (depth % IN_A_WORD(word)) put_packed(word, packed, depth, column, 0);
  }
}

/// To [output][tap][channel].
static void pack_thin(const void *arguments, long panel, void *scratch) {
  const cpu_packing *o = arguments;
  for (long output = 0; output < o->outputs; output++)
    for (long tap = 0; tap < o->taps; tap++)
      for (long c = 0; c < o->channels; c++)
        o->packed[(output * o->taps + tap) * o->channels + c] = o->source[(output * o->channels + c) * o->taps + tap];
}

/// To [position][panel][word of channel][PANEL], each 3x3 filter transformed for tiles of `height` x `width` outputs.
INLINE void pack_positions(
    const cpu_word word, const int height, const int width, const cpu_packing *o, long panel) {
  long panels = (o->outputs + PANEL - 1) / PANEL, size = words_of(word, o->channels) * PANEL;
  // LANES filters at once: their taps stand one after the other, so that a transform is that of vectors.
  for (long first = 0; first < PANEL; first += LANES)
    for (long c = 0; c < o->channels + o->channels % IN_A_WORD(word); c++) {
      vector taps[9], positions[36];
      for (int tap = 0; tap < 9; tap++)
        for (int lane = 0; lane < LANES; lane++) {
          long output = panel * PANEL + first + lane;
          bool isThere = output < o->outputs && c < o->channels;
          taps[tap][lane] = isThere ? o->source[(output * o->channels + c) * 9 + tap] : 0;
        }
      transform_filter(height, width, taps, positions);
      for (int position = 0; position < (height + 2) * (width + 2); position++) {
        float *to = o->packed + (position * panels + panel) * size;
        if (word == CPU_FLOATS) store(to + c * PANEL + first, positions[position]);
        else for (int lane = 0; lane < LANES; lane++) put_packed(word, to, c, first + lane, positions[position][lane]);
      }
    }
}

#define PACKING(name, call)                                                      \
  static void name(const void *arguments, long panel, void *scratch) {           \
    const cpu_packing *o = arguments;                                            \
    call;                                                                        \
  }

PACKING(pack_filter_floats, pack_taps(CPU_FLOATS, o, panel))
PACKING(pack_filter_pairs, pack_taps(CPU_PAIRS, o, panel))
PACKING(pack_4x4, pack_positions(CPU_FLOATS, 4, 4, o, panel))
PACKING(pack_2x4, pack_positions(CPU_PAIRS, 2, 4, o, panel))
