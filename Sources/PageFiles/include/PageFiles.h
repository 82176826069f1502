#pragma once
#include <stddef.h>

/// A file of the live page.
struct page_file {
  /// What an address ends in, such as "page.css"; empty for the page itself.
  const char *name;
  /// What a browser is told that it is.
  const char *type;
  /// The contents, for the life of the program.
  const unsigned char *bytes;
  /// How many bytes there are.
  size_t length;
};

/// All files of the page.
const struct page_file *page_files(size_t *count);
