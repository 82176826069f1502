#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static void on_error(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  strncpy(message, text, PNG_MESSAGE_LENGTH - 1);
  message[PNG_MESSAGE_LENGTH - 1] = 0;
  longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void grow(png_structp png, struct png_bytes *bytes, const uint8_t *data, size_t count) {
  uint8_t *grown = realloc(bytes->data, bytes->count + count);
  if (!grown) png_error(png, "out of memory");
  memcpy(grown + bytes->count, data, count);
  bytes->data = grown;
  bytes->count += count;
}

static void append(png_structp png, png_bytep data, size_t count) { grow(png, png_get_io_ptr(png), data, count); }

static void flush(png_structp png) { (void)png; }

int png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
               const struct png_text_entry *texts, int text_count, struct png_bytes *result,
               char message[PNG_MESSAGE_LENGTH]) {
  *result = (struct png_bytes){0};
  png_text *chunks = calloc(text_count ? text_count : 1, sizeof *chunks);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!chunks || !info) {
    strcpy(message, "out of memory");
    png_destroy_write_struct(&png, NULL);
    free(chunks);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    png_bytes_free(result);
    free(chunks);
    return -1;
  }
  png_set_write_fn(png, result, append, flush);
  png_set_IHDR(png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  for (int i = 0; i < text_count; i++) {
    chunks[i].compression = PNG_ITXT_COMPRESSION_NONE;
    chunks[i].key = (png_charp)texts[i].keyword;
    chunks[i].text = (png_charp)texts[i].text;
    chunks[i].itxt_length = strlen(texts[i].text);
  }
  png_set_text(png, info, chunks, text_count);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  free(chunks);
  return 0;
}

struct source {
  const uint8_t *bytes;
  size_t left;
};

static void take(png_structp png, png_bytep data, size_t count) {
  struct source *source = png_get_io_ptr(png);
  if (count > source->left) png_error(png, "it is cut short");
  memcpy(data, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

// Collects the text chunks; tEXt and zTXt are Latin-1, iTXt is UTF-8.
static void collect(png_structp png, png_infop info, struct png_bytes *texts) {
  png_textp entries = NULL;
  int count = 0;
  png_get_text(png, info, &entries, &count);
  for (int i = 0; i < count; i++) {
    const uint8_t *text = (const uint8_t *)(entries[i].text ? entries[i].text : "");
    grow(png, texts, (const uint8_t *)entries[i].key, strlen(entries[i].key) + 1);
    if (entries[i].compression >= PNG_ITXT_COMPRESSION_NONE) {
      grow(png, texts, text, strlen((const char *)text));
    } else {
      for (; *text; text++) {
        uint8_t pair[2] = {0xC0 | *text >> 6, 0x80 | (*text & 0x3F)};
        if (*text < 0x80) grow(png, texts, text, 1);
        else grow(png, texts, pair, 2);
      }
    }
    grow(png, texts, (const uint8_t *)"", 1);
  }
}

int png_decode(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, int *channels,
               struct png_bytes *pixels, struct png_bytes *texts, char message[PNG_MESSAGE_LENGTH]) {
  *pixels = *texts = (struct png_bytes){0};
  struct source source = {bytes, count};
  // Volatile, because it is set after setjmp and freed after longjmp.
  png_bytep *volatile rows = NULL;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    strcpy(message, "out of memory");
    png_destroy_read_struct(&png, NULL, NULL);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    png_bytes_free(pixels);
    png_bytes_free(texts);
    free(rows);
    return -1;
  }
  png_set_user_limits(png, 65536, 65536);
  png_set_read_fn(png, &source, take);
  png_read_info(png, info);
  *width = png_get_image_width(png, info);
  *height = png_get_image_height(png, info);
  // Deflate packs at most 1,032 to one: a larger picture is a lie, and its memory need not be asked for.
  if (png_get_rowbytes(png, info) * *height / 1032 > count) png_error(png, "it is cut short");
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  *channels = png_get_channels(png, info);
  if (*channels != 1 && *channels != 3) png_error(png, "it is neither grey nor RGB");
  size_t stride = png_get_rowbytes(png, info);
  pixels->count = stride * *height;
  pixels->data = malloc(pixels->count);
  rows = malloc(*height * sizeof *rows);
  if (!pixels->data || !rows) png_error(png, "out of memory");
  for (uint32_t y = 0; y < *height; y++) rows[y] = pixels->data + y * stride;
  png_read_image(png, rows);
  png_read_end(png, info);
  collect(png, info, texts);
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  return 0;
}

void png_bytes_free(struct png_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct png_bytes){0};
}
