#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "CPUKernels.h"

// Operations follow each other within microseconds, so threads look for the next one for a while before they sleep.
enum { SPINS = 4000 };

typedef struct {
  cpu_pool *pool;
  pthread_t thread;
  void *scratch;
} worker;

struct cpu_pool {
  int threads;
  size_t scratch_bytes;
  worker *workers;  // the caller is workers[0]
  pthread_mutex_t lock;
  pthread_cond_t opened, finished;
  _Atomic unsigned generation;  // counts jobs; changed under the lock
  _Atomic int active;           // threads inside of the job beside the caller; changed under the lock
  bool open, stopping;
  cpu_task *task;
  const void *arguments;
  long count;
  _Atomic long next;
};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void work(cpu_pool *pool, void *scratch) {
  cpu_task *task = pool->task;
  const void *arguments = pool->arguments;
  long count = pool->count;
  for (long index; (index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < count;)
    task(arguments, index, scratch);
}

static void *serve(void *argument) {
  worker *self = argument;
  cpu_pool *pool = self->pool;
  unsigned seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPINS && atomic_load_explicit(&pool->generation, memory_order_acquire) == seen; spin++)
      relax();
    pthread_mutex_lock(&pool->lock);
    while (pool->generation == seen && !pool->stopping) pthread_cond_wait(&pool->opened, &pool->lock);
    seen = pool->generation;
    if (pool->stopping) break;
    // A thread that comes too late finds the job closed and is not waited for.
    if (pool->open) {
      pool->active++;
      pthread_mutex_unlock(&pool->lock);
      work(pool, self->scratch);
      pthread_mutex_lock(&pool->lock);
      if (--pool->active == 0) pthread_cond_signal(&pool->finished);
    }
    pthread_mutex_unlock(&pool->lock);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

void cpu_pool_run(cpu_pool *pool, cpu_task *task, const void *arguments, long count) {
  if (count <= 1 || pool->threads == 1) {
    for (long index = 0; index < count; index++) task(arguments, index, pool->workers[0].scratch);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->task = task;
  pool->arguments = arguments;
  pool->count = count;
  pool->next = 0;
  pool->open = true;
  pool->generation++;
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->lock);

  work(pool, pool->workers[0].scratch);
  for (int spin = 0; spin < SPINS && atomic_load_explicit(&pool->active, memory_order_acquire) > 0; spin++) relax();
  pthread_mutex_lock(&pool->lock);
  pool->open = false;
  while (pool->active > 0) pthread_cond_wait(&pool->finished, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

cpu_pool *cpu_pool_make(int threads, size_t scratch_bytes) {
  cpu_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->scratch_bytes = scratch_bytes;
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->opened, NULL);
  pthread_cond_init(&pool->finished, NULL);
  for (int index = 0; pool->workers && index < threads; index++) {
    worker *self = &pool->workers[index];
    self->pool = pool;
    self->scratch = mmap(NULL, scratch_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (self->scratch == MAP_FAILED) break;
    if (index > 0 && pthread_create(&self->thread, NULL, serve, self) != 0) {
      munmap(self->scratch, scratch_bytes);
      break;
    }
    pool->threads = index + 1;
  }
  if (pool->threads == threads) return pool;
  cpu_pool_free(pool);
  return NULL;
}

void cpu_pool_free(cpu_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->stopping = true;
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->lock);
  for (int index = 0; index < pool->threads; index++) {
    if (index > 0) pthread_join(pool->workers[index].thread, NULL);
    munmap(pool->workers[index].scratch, pool->scratch_bytes);
  }
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->opened);
  pthread_cond_destroy(&pool->finished);
  free(pool->workers);
  free(pool);
}

int cpu_available_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int cores = CPU_COUNT(&set);
  return cores > 0 ? cores : 1;
}
