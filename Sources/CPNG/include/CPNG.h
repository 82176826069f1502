#pragma once
#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames: these functions keep it inside C.

/// A text chunk; both strings are UTF-8 and end in zero.
struct png_text_entry {
  const char *keyword;
  const char *text;
};

/// Bytes that grow, allocated by malloc.
struct png_bytes {
  uint8_t *data;
  size_t count;
};

/// Room for libpng's message about a failure.
#define PNG_MESSAGE_LENGTH 128

/// Encodes 8-bit pixels, rows from the top, `channels` (1 grey or 3 RGB) values a pixel.
///
/// Returns 0 and bytes to be freed with `png_bytes_free`, or -1 and a message.
int png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
               const struct png_text_entry *texts, int text_count, struct png_bytes *result,
               char message[PNG_MESSAGE_LENGTH]);

/// What a decoded picture has.
struct png_extents {
  uint32_t width;
  uint32_t height;
  /// 1 grey or 3 RGB.
  int channels;
  /// Bits of a value, 8 or 16.
  int depth;
};

/// Decodes any PNG to grey or RGB: palettes and fewer than 8 bits are expanded to 8 bits, alpha is dropped, interlacing undone.
///
/// Values of 16 bits keep them, in the machine's byte order. Files wider or higher than 65,536 pixels are refused, or of more
/// than `pixel_limit`, those that promise more pixels than their bytes can hold, and those that end within a chunk. `texts`
/// takes the text chunks: keyword, zero, text, zero, each in UTF-8; of 32 chunks and 4 MB each at most. It may be null, and so
/// may `pixels`, if the extents are enough. Returns 0 and bytes to be freed with `png_bytes_free`, or -1 and a message.
int png_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, struct png_extents *extents,
               struct png_bytes *pixels, struct png_bytes *texts, char message[PNG_MESSAGE_LENGTH]);

/// Frees what the functions above have made.
void png_bytes_free(struct png_bytes *bytes);
