// MPI, opened at run time, so that one program runs with any of its libraries and without one.
//
// The handles of Open MPI, of MPICH's family and of the standard's own binary interface (MPI 5.0, chapter 20) differ; which of them a
// library has shows in what it exports. Only bytes are moved, so two handles and some ten functions are enough.
#pragma once

// Opens a library and begins MPI, once in the life of the process.
//
// Takes the file of the library, or NULL for the first that is found, those of Open MPI first if `prefers_open_mpi`. Returns NULL, or
// one line that says why there is no MPI.
const char *mpi_open(const char *library, int prefers_open_mpi);

// What the library calls itself, on one line; empty before mpi_open.
const char *mpi_library_version(void);

// The number of this process among all, and theirs.
int mpi_rank(void);
int mpi_size(void);

// Sends bytes to a process and takes bytes of another at the same time; both sides know the numbers of bytes.
void mpi_exchange(const void *sent, int sent_count, int to, void *received, int received_count, int from);

// Ends all processes of the run.
_Noreturn void mpi_abort(int status);

// Waits for all processes and ends MPI.
void mpi_finalize(void);
