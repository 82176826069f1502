#pragma once
#include <stddef.h>

/// A file of a model directory that the binary carries.
struct pretrained_file {
  /// The directory's name, such as "mnist".
  const char *model;
  /// The file's name inside the directory.
  const char *name;
  /// The contents, for the life of the program.
  const unsigned char *bytes;
  /// How many bytes there are.
  size_t length;
};

/// All files of all models that the binary carries.
const struct pretrained_file *pretrained_files(size_t *count);
