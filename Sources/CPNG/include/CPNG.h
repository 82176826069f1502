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

/// Decodes any PNG to 8-bit grey or RGB: palettes are expanded, 16 bits reduced, alpha is dropped, interlacing undone.
///
/// Files wider or higher than 65,536 pixels are refused, and those that promise more pixels than their bytes can hold.
/// `texts` takes the text chunks: keyword, zero, text, zero, each in UTF-8. Returns 0 and bytes to be freed with
/// `png_bytes_free`, or -1 and a message.
int png_decode(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, int *channels,
               struct png_bytes *pixels, struct png_bytes *texts, char message[PNG_MESSAGE_LENGTH]);

/// Frees what the functions above have made.
void png_bytes_free(struct png_bytes *bytes);
