#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "CPUKernels.h"
#include "kernels/tables.h"

#if defined(__x86_64__)
#include <cpuid.h>

cpu_level cpu_best_level(void) {
  __builtin_cpu_init();
  // The builtin asks the operating system too whether it saves the wide registers.
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (avx2 && avx512) return __builtin_cpu_supports("avx512bf16") ? CPU_AVX512_BFLOAT16 : CPU_AVX512;
  return avx2 ? CPU_AVX2 : CPU_PORTABLE;
}

const cpu_kernels *cpu_kernels_for(cpu_level level) {
  switch (level) {
  case CPU_AVX512_BFLOAT16: return &cpu_kernels_avx512bf16;
  case CPU_AVX512: return &cpu_kernels_avx512;
  case CPU_AVX2: return &cpu_kernels_avx2;
  case CPU_PORTABLE: return &cpu_kernels_portable;
  }
}

/// The brand string of the processor, if it has one.
static void brand(char text[49], char maker[13]) {
  unsigned words[12] = {0}, a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0x80000000, &a, &b, &c, &d) && a >= 0x80000004)
    for (unsigned leaf = 0; leaf < 3; leaf++) {
      unsigned *word = words + 4 * leaf;
      __get_cpuid(0x80000002 + leaf, word, word + 1, word + 2, word + 3);
    }
  memcpy(text, words, 48);
  text[48] = 0;
  __get_cpuid(0, &a, &b, &c, &d);
  memcpy(maker, &b, 4), memcpy(maker + 4, &d, 4), memcpy(maker + 8, &c, 4);
  maker[12] = 0;
}
#else
cpu_level cpu_best_level(void) { return CPU_PORTABLE; }

const cpu_kernels *cpu_kernels_for(cpu_level level) { return &cpu_kernels_portable; }

static void brand(char text[49], char maker[13]) { text[0] = maker[0] = 0; }
#endif

void cpu_processor(char *name, char *vendor, size_t size) {
  char text[49], maker[13];
  brand(text, maker);
  size_t start = strspn(text, " "), length = strlen(text);
  while (length > start && text[length - 1] == ' ') text[--length] = 0;
  struct utsname system;
  const char *machine = uname(&system) == 0 ? system.machine : "processor";
  snprintf(name, size, "%s", text[start] ? text + start : machine);
  snprintf(vendor, size, "%s", maker[0] ? maker : machine);
}

long cpu_memory_bytes(void) {
  long bytes = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE), limit;
  FILE *file = fopen("/sys/fs/cgroup/memory.max", "r");
  if (file) {
    if (fscanf(file, "%ld", &limit) == 1 && limit > 0 && limit < bytes) bytes = limit;
    fclose(file);
  }
  return bytes;
}
