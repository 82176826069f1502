import Compute
import ComputeCPU
import Files
import Models
import Pipelines
import Pretrained

import Serving

/// The carried model of digits, as a page shows it.
func makeServedModel() async throws -> ServedModel {
  try await ServedModel(
    name: "mnist", .directory(path: "mnist", variant: nil), flags: ["--model", "mnist"],
    session: SamplingSession(try Model.pretrained(), on: CPUBackend()),
    studies: SamplingSession(try Model.pretrained(), on: CPUBackend()))
}

func makeQueue(patience: Duration = .seconds(1)) -> JobQueue {
  JobQueue(options: .init(), version: "0", gate: StudyGate(), patience: patience) {
    SamplingSession($0, on: try CPUBackend())
  }
}

func json(_ text: String) throws -> JSONValue { try JSONValue(text, path: "test") }
