// What a warp of 32 work-items does together with tensor cores; in front of the kernels that use them.
//
// A fragment is a work-item's part of a small matrix of 16-bit elements, two in a word, as the instruction m16n8k16 wants it
// (PTX ISA, "Matrix fragments for mma.m16n8k16"). With g = lane / 4 and t = lane % 4:
//
//   a, 16 rows by 16 k       word 0: row g, k 2t and 2t + 1    1: row g + 8    2: row g, k 2t + 8 and 2t + 9    3: row g + 8, k 2t + 8
//   b, 16 k by 8 columns     word 0: k 2t and 2t + 1, column g    1: k 2t + 8 and 2t + 9
//   sums, 16 rows by 8       x, y: row g, columns 2t and 2t + 1    z, w: row g + 8
//
// With TENSOR_CORES these functions are NVIDIA's instructions (sm_80 and later); else they are plain OpenCL C of the same layout, in
// which the work-items exchange their parts through local memory, so that indices, swizzles and barriers of the kernels can be
// proved on any device. Copies then happen as late as the instructions allow. All work-items of a group must reach each call.

#if STORAGE

#ifndef TENSOR_CORES
#define TENSOR_CORES 0
#endif

#define WARP 32

// Input channels, or dimensions of a head, that a group takes at a time: a row of a tile, in four pieces of 16 bytes.
#define STEP 32

// Where a piece of such a row lies: piece p of row r at p ^ (r / 2 % 4), so that the eight rows which an instruction loads together
// lie in different banks.
int piece_of(int row, int piece) { return row * STEP + (piece ^ (row / 2 % 4)) * 8; }

#if STORAGE == 2
DEFINE_UPPER(2)
#endif

#if TENSOR_CORES

// What else a group needs in local memory: nothing.
#define EXCHANGE(items)
#define NO_EXCHANGE 0
typedef int exchange_pointer;
typedef int copy_queue;

// Four matrices of 8 x 8, one after the other in a word each: this work-item names row lane % 8 of matrix lane / 8.
uint4 load_matrices(local const ushort *tile, int place, exchange_pointer exchange) {
  uint4 words;
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
               : "l"(tile + place)
               : "memory");
  return words;
}

// The same, each matrix transposed: a work-item gets two rows of a column.
uint4 load_transposed(local const ushort *tile, int place, exchange_pointer exchange) {
  uint4 words;
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
                   : "l"(tile + place)
                   : "memory");
  return words;
}

#if STORAGE == 1
#define TENSOR_TYPE "f16"
#else
#define TENSOR_TYPE "bf16"
#endif

// Two neighbouring values of a row as a word of a fragment.
uint pack_pair(float2 values, exchange_pointer exchange) {
  uint word;
  __asm__("cvt.rn." TENSOR_TYPE "x2.f32 %0, %1, %2;" : "=r"(word) : "f"(values.y), "f"(values.x));
  return word;
}

// The values of the work-item whose lane differs in the bits of `mask`, 1 or 2.
float2 of_neighbour(float2 values, int mask, exchange_pointer exchange) {
  float2 result;
  __asm__ volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, -1;" : "=f"(result.x) : "f"(values.x), "r"(mask));
  __asm__ volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, -1;" : "=f"(result.y) : "f"(values.y), "r"(mask));
  return result;
}

// sums + a b
float4 multiply_fragments(uint4 a, uint2 b, float4 sums, exchange_pointer exchange) {
  __asm__ volatile("mma.sync.aligned.m16n8k16.row.col.f32." TENSOR_TYPE "." TENSOR_TYPE
               ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(sums.x), "+f"(sums.y), "+f"(sums.z), "+f"(sums.w)
               : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b.x), "r"(b.y));
  return sums;
}

// Begins to copy eight elements to local memory, or zeros.
void start_copy(copy_queue *queue, local ushort *to, global const element *from, bool exists) {
  __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "l"(to), "l"(from), "r"(exists ? 16 : 0) : "memory");
}

// Closes a group of copies, which may be empty.
void commit_copies(copy_queue *queue) { __asm__ volatile("cp.async.commit_group;" : : : "memory"); }

// Waits until no more than `pending` groups of this work-item's copies are under way.
#define wait_for_copies(queue, pending) __asm__ volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory")

#else

// Words that the work-items of a group exchange.
#define EXCHANGE(items) local uint exchange_words[6 * (items)];
#define NO_EXCHANGE exchange_words
typedef local uint *exchange_pointer;

// Copies of a work-item that are under way, by groups.
#define MOST_GROUPS 4
#define MOST_COPIES 12
typedef struct {
  local ushort *to[MOST_GROUPS][MOST_COPIES];
  global const element *from[MOST_GROUPS][MOST_COPIES];
  int count[MOST_GROUPS];
  int started, finished;
} copy_queue;

#if STORAGE == 1
#define PAIR(words) vload_half2(0, (local const half *)(words))
#else
#define PAIR(words) ((float2)(as_float(*(words) << 16), as_float(*(words) & 0xFFFF0000u)))
#endif

uint4 load_matrices(local const ushort *tile, int place, exchange_pointer exchange) {
  int item = (int)get_local_id(0), lane = item % WARP;
  local uint *places = exchange + (item - lane);
  places[lane] = (uint)place;
  barrier(CLK_LOCAL_MEM_FENCE);
  uint4 words;
  words.x = as_uint(vload2(lane % 4, tile + places[lane / 4]));
  words.y = as_uint(vload2(lane % 4, tile + places[8 + lane / 4]));
  words.z = as_uint(vload2(lane % 4, tile + places[16 + lane / 4]));
  words.w = as_uint(vload2(lane % 4, tile + places[24 + lane / 4]));
  barrier(CLK_LOCAL_MEM_FENCE);
  return words;
}

uint4 load_transposed(local const ushort *tile, int place, exchange_pointer exchange) {
  int item = (int)get_local_id(0), lane = item % WARP;
  local uint *places = exchange + (item - lane);
  places[lane] = (uint)place;
  barrier(CLK_LOCAL_MEM_FENCE);
  uint words[4];
  for (int matrix = 0; matrix < 4; matrix++) {
    local const uint *rows = places + 8 * matrix + lane % 4 * 2;
    words[matrix] = as_uint((ushort2)(tile[rows[0] + lane / 4], tile[rows[1] + lane / 4]));
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return vload4(0, words);
}

uint pack_pair(float2 values, exchange_pointer exchange) {
#if STORAGE == 1
  local uint *own = exchange + 6 * get_local_id(0);
  vstore_half2_rte(values, 0, (local half *)own);
  barrier(CLK_LOCAL_MEM_FENCE);
  return *own;
#else
  return as_uint(upper2(values));
#endif
}

float2 of_neighbour(float2 values, int mask, exchange_pointer exchange) {
  int item = (int)get_local_id(0);
  vstore2(as_uint2(values), 0, exchange + 2 * item);
  barrier(CLK_LOCAL_MEM_FENCE);
  float2 result = as_float2(vload2(0, exchange + 2 * (item ^ mask)));
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

float4 multiply_fragments(uint4 a, uint2 b, float4 sums, exchange_pointer exchange) {
  int item = (int)get_local_id(0), lane = item % WARP;
  local uint *own = exchange + 6 * item;
  own[0] = a.x;
  own[1] = a.y;
  own[2] = a.z;
  own[3] = a.w;
  own[4] = b.x;
  own[5] = b.y;
  barrier(CLK_LOCAL_MEM_FENCE);
  local const uint *warp = exchange + 6 * (item - lane);
  for (int k = 0; k < 8; k++) {
    // Words 2 and 3 of a and word 1 of b hold the upper eight k.
    int place = k % 4, half_of_k = k / 4;
    local const uint *row = warp + 6 * (lane / 4 * 4 + place) + 2 * half_of_k;
    local const uint *left = warp + 6 * (lane % 4 * 8 + place) + 4 + half_of_k, *right = left + 6 * 4;
    float2 upper = PAIR(row), lower = PAIR(row + 1), column0 = PAIR(left), column1 = PAIR(right);
    sums += (float4)(upper.x * column0.x, upper.x * column1.x, lower.x * column0.x, lower.x * column1.x);
    sums += (float4)(upper.y * column0.y, upper.y * column1.y, lower.y * column0.y, lower.y * column1.y);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return sums;
}

void start_copy(copy_queue *queue, local ushort *to, global const element *from, bool exists) {
  int group = queue->started % MOST_GROUPS, place = queue->count[group]++;
  queue->to[group][place] = to;
  queue->from[group][place] = exists ? from : 0;
}

void commit_copies(copy_queue *queue) {
  queue->started++;
  queue->count[queue->started % MOST_GROUPS] = 0;
}

void wait_for_copies(copy_queue *queue, int pending) {
  for (; queue->started - queue->finished > pending; queue->finished++) {
    int group = queue->finished % MOST_GROUPS;
    for (int n = 0; n < queue->count[group]; n++) {
      global const ushort *from = (global const ushort *)queue->from[group][n];
      vstore8(from ? vload8(0, from) : (ushort8)(0), 0, queue->to[group][n]);
    }
  }
}

#endif

#endif
