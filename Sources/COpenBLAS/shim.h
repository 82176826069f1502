#pragma once
#include <cblas.h>

// LAPACK's Fortran symbols, which libopenblas exports. Debian's package installs no header for them, so their
// prototypes stand here; every argument is passed by reference and matrices are column-major.

/// Eigenvalues (ascending, in w) and eigenvectors (in a) of a real symmetric matrix by divide and conquer.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);

/// Cholesky factor of a symmetric positive definite matrix.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
