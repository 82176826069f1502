#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// A decoder with what its callbacks need; libjpeg hands them the first member.
struct decoder {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  char *message;
};

_Noreturn static void fail(struct decoder *decoder, const char *text) {
  strncpy(decoder->message, text, JPEG_MESSAGE_LENGTH - 1);
  decoder->message[JPEG_MESSAGE_LENGTH - 1] = 0;
  longjmp(decoder->failed, 1);
}

static void on_error(j_common_ptr jpeg) {
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  fail((struct decoder *)jpeg, text);
}

// Level -1 is a warning: the pixels that follow are a guess.
static void on_message(j_common_ptr jpeg, int level) {
  if (level < 0) on_error(jpeg);
}

// A file of few bytes can ask for any number of passes over all pixels.
static void on_progress(j_common_ptr jpeg) {
  struct decoder *decoder = (struct decoder *)jpeg;
  if (decoder->jpeg.input_scan_number > 64) fail(decoder, "it has more than 64 passes");
}

static void read_header(struct decoder *decoder, const uint8_t *bytes, size_t count, size_t pixel_limit) {
  j_decompress_ptr jpeg = &decoder->jpeg;
  jpeg_mem_src(jpeg, bytes, count);
  jpeg_read_header(jpeg, TRUE);
  switch (jpeg->jpeg_color_space) {
  case JCS_GRAYSCALE: jpeg->out_color_space = JCS_GRAYSCALE; break;
  case JCS_RGB:
  case JCS_YCbCr: jpeg->out_color_space = JCS_RGB; break;
  case JCS_CMYK:
  case JCS_YCCK: fail(decoder, "it is CMYK, and only grey and RGB are read");
  default: fail(decoder, "it is neither grey nor RGB");
  }
  if (jpeg->arith_code) fail(decoder, "it is coded arithmetically, and only Huffman codes are read");
  size_t area = (size_t)jpeg->image_width * jpeg->image_height;
  if (area > pixel_limit) fail(decoder, "it has too many pixels");
  // A block of 64 pixels takes at least a bit.
  if (area / 512 > count) fail(decoder, "it is cut short");
  jpeg_calc_output_dimensions(jpeg);
}

int jpeg_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, uint32_t *width, uint32_t *height, int *channels,
                uint8_t **pixels, char message[JPEG_MESSAGE_LENGTH]) {
  // Volatile, because it is set after setjmp and freed after longjmp.
  uint8_t *volatile result = NULL;
  struct decoder decoder = {.message = message};
  j_decompress_ptr jpeg = &decoder.jpeg;
  jpeg->err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  decoder.progress.progress_monitor = on_progress;
  if (setjmp(decoder.failed)) {
    jpeg_destroy_decompress(jpeg);
    free(result);
    return -1;
  }
  jpeg_create_decompress(jpeg);
  jpeg->progress = &decoder.progress;
  read_header(&decoder, bytes, count, pixel_limit);
  *width = jpeg->output_width;
  *height = jpeg->output_height;
  *channels = jpeg->output_components;
  if (pixels) {
    size_t stride = (size_t)*width * *channels;
    result = malloc(stride * *height);
    if (!result) fail(&decoder, "out of memory");
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < *height) {
      JSAMPROW row = result + jpeg->output_scanline * stride;
      jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    *pixels = result;
  }
  jpeg_destroy_decompress(jpeg);
  return 0;
}
