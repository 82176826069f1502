#pragma once
#include <stddef.h>
#include <stdint.h>

// libjpeg's own error handler ends the program, and longjmp must not cross Swift frames: this function keeps it inside C.

/// Room for libjpeg's message about a failure.
#define JPEG_MESSAGE_LENGTH 200

/// Decodes a JPEG file to 8-bit grey or RGB, as libjpeg does by default: accurate integer transform, smooth upsampling.
///
/// Whatever libjpeg merely warns of, such as data that are cut short, is an error here. CMYK and arithmetic coding are refused,
/// more than `pixel_limit` pixels, more than 64 passes, and files that promise more pixels than their bytes can hold. The
/// orientation that a camera notes (EXIF) is not applied. Returns 0, and unless `pixels` is null what is to be freed with
/// `free`: rows from the top, `channels` values a pixel; or -1 and a message.
int jpeg_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, uint32_t *width, uint32_t *height, int *channels,
                uint8_t **pixels, char message[JPEG_MESSAGE_LENGTH]);
