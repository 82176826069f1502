#pragma once
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "CPUKernels.h"
#include "tables.h"
