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

// Walks the chunks: libpng asks for the memory of a text before it finds that the file ends earlier.
static void walk(png_structp png, const uint8_t *bytes, size_t count) {
  for (size_t place = 8; place < count;) {
    size_t left = count - place;
    if (left < 12) png_error(png, "it is cut short");
    size_t length = png_get_uint_32(bytes + place);
    if (length > left - 12) png_error(png, "it is cut short");
    // What follows the last chunk is none of the picture's.
    if (memcmp(bytes + place + 4, "IEND", 4) == 0) return;
    place += 12 + length;
  }
}

// Reads what stands before the pixels, and asks for them as grey or RGB of 8 or 16 bits.
static void read_header(png_structp png, png_infop info, struct source source, size_t pixel_limit) {
  png_read_info(png, info);
  size_t area = (size_t)png_get_image_width(png, info) * png_get_image_height(png, info);
  if (area > pixel_limit) png_error(png, "it has too many pixels");
  // Deflate packs at most 1,032 to one: a larger picture is a lie, and its memory need not be asked for.
  if (png_get_rowbytes(png, info) * png_get_image_height(png, info) / 1032 > source.left) {
    png_error(png, "it is cut short");
  }
  png_set_expand(png);
  png_set_strip_alpha(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  png_set_swap(png);
#endif
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  int channels = png_get_channels(png, info);
  if (channels != 1 && channels != 3) png_error(png, "it is neither grey nor RGB");
}

int png_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, struct png_extents *extents,
               struct png_bytes *pixels, struct png_bytes *texts, char message[PNG_MESSAGE_LENGTH]) {
  if (pixels) *pixels = (struct png_bytes){0};
  if (texts) *texts = (struct png_bytes){0};
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
    if (pixels) png_bytes_free(pixels);
    if (texts) png_bytes_free(texts);
    free(rows);
    return -1;
  }
  if (count < 8 || png_sig_cmp(bytes, 0, 8)) png_error(png, "it does not begin as one");
  walk(png, bytes, count);
  png_set_user_limits(png, 65536, 65536);
  // Packed texts unpack to a thousand times their size: without a wish for them none is read, with one a few.
  if (texts) {
    png_set_chunk_cache_max(png, 32);
    png_set_chunk_malloc_max(png, 1 << 22);
  } else {
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  }
  png_set_read_fn(png, &source, take);
  read_header(png, info, (struct source){bytes, count}, pixel_limit);
  *extents = (struct png_extents){png_get_image_width(png, info), png_get_image_height(png, info),
                                  png_get_channels(png, info), png_get_bit_depth(png, info)};
  if (pixels) {
    size_t stride = png_get_rowbytes(png, info);
    pixels->count = stride * extents->height;
    pixels->data = malloc(pixels->count);
    rows = malloc(extents->height * sizeof *rows);
    if (!pixels->data || !rows) png_error(png, "out of memory");
    for (uint32_t y = 0; y < extents->height; y++) rows[y] = pixels->data + y * stride;
    png_read_image(png, rows);
    png_read_end(png, info);
  }
  if (texts) collect(png, info, texts);
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  return 0;
}

void png_bytes_free(struct png_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct png_bytes){0};
}
