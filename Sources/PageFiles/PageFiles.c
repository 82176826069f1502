#include "PageFiles.h"

// The files lie beside this one as their authors write them.

static const unsigned char html[] = {
#embed "page/page.html"
};
static const unsigned char css[] = {
#embed "page/page.css"
};
static const unsigned char js[] = {
#embed "page/page.js"
};
static const unsigned char icon[] = {
#embed "page/icon.svg"
};

static const struct page_file files[] = {
  { "", "text/html; charset=utf-8", html, sizeof html },
  { "page.css", "text/css; charset=utf-8", css, sizeof css },
  { "page.js", "text/javascript; charset=utf-8", js, sizeof js },
  { "icon.svg", "image/svg+xml", icon, sizeof icon },
};

const struct page_file *page_files(size_t *count) {
  *count = sizeof files / sizeof files[0];
  return files;
}
