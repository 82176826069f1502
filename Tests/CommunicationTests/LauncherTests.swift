import Communication
import Testing

@Suite("Launchers")
struct LauncherTests {
  private func launcher(_ variables: [String: String]) -> Launcher? { Launcher { variables[$0] } }

  @Test("Each kind is known by its variables, with the place of the process on its machine")
  func kinds() throws {
    let openMPI = try #require(
      launcher([
        "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
        "OMPI_COMM_WORLD_LOCAL_SIZE": "4", "PMIX_RANK": "5",
      ]))
    #expect(openMPI.kind == .openMPI && openMPI.size == 8 && openMPI.rank == 5)
    #expect(openMPI.localRank == 1 && openMPI.localSize == 4)
    let mpich = try #require(
      launcher(["PMI_SIZE": "2", "PMI_RANK": "1", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2", "PMI_FD": "7"]))
    #expect(mpich.kind == .mpich && mpich.rank == 1 && mpich.localRank == 1 && mpich.localSize == 2)
    let managed = try #require(
      launcher(["SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "2", "PMIX_RANK": "2", "SLURM_LOCALID": "0"]))
    #expect(managed.kind == .managed && managed.speaksMPI)
    let slurm = try #require(launcher(["SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "2"]))
    #expect(slurm.kind == .slurm && !slurm.speaksMPI)
    let torch = try #require(launcher(["WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "host"]))
    #expect(torch.kind == .torch && !torch.speaksMPI)
  }

  @Test(
    "One process, or variables that say nothing, are no launcher",
    arguments: [
      [:], ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"], ["PMI_SIZE": "two", "PMI_RANK": "0"],
      ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"], ["SLURM_NTASKS": "4"], ["WORLD_SIZE": "4", "RANK": "0"],
      ["PMI_SIZE": "2", "PMI_RANK": "2"],
    ])
  func alone(variables: [String: String]) {
    #expect(launcher(variables) == nil)
  }

  @Test("A launcher that speaks no MPI, and a library that is not there, are told in one line")
  func faults() throws {
    let slurm = try #require(launcher(["SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "2"]))
    #expect { try slurm.connect(library: nil) } throws: {
      "\($0)".contains("started 3 times by srun") && "\($0)".contains("--shard") && !"\($0)".contains("\n")
    }
    let mpich = try #require(launcher(["PMI_SIZE": "2", "PMI_RANK": "1"]))
    #expect { try mpich.connect(library: "/there/is/none.so") } throws: {
      "\($0)".contains("/there/is/none.so") && !"\($0)".contains("\n")
    }
  }
}
