package import Compute
import Files
import Foundation
package import Models
package import Pipelines
import Tensors

/// All runs that were asked for; one is under way at a time, in the order of their coming.
///
/// A run whose last listener is gone for a second is cancelled; one that never had any goes on, for scripts that ask now and
/// then. Finished runs are kept until many later ones are.
package actor JobQueue {
  /// Makes a session for an exact world.
  private let open: @Sendable (ExactWorld) throws -> SamplingSession
  /// How a record describes the device.
  private let options: BackendOptions
  private let version: String
  private let gate: StudyGate
  /// How long a run goes on without listeners: a page that is loaded again comes back at once.
  private let patience: Duration

  private var jobs: [Int: Job] = [:]
  private var waiting: [Int] = []
  private var running: Int?
  /// Begins anywhere, so that a page which outlives its server does not take another's run for its own.
  private var last = Int.random(in: 1..<1 << 40)
  private var listening: [Int: [CheckedContinuation<Void, Never>]] = [:]
  private var pulse: Task<Void, Never>?

  /// Runs that may wait.
  package static let mostWaiting = 8
  /// Runs that are kept.
  static let mostKept = 64
  /// How often listeners are told that the server is there.
  static let pulseLength = Duration.milliseconds(250)

  package init(
    options: BackendOptions, version: String, gate: StudyGate, patience: Duration = .seconds(1),
    open: @escaping @Sendable (ExactWorld) throws -> SamplingSession
  ) {
    (self.options, self.version, self.gate, self.patience, self.open) = (options, version, gate, patience, open)
  }

  /// Takes a run on; it takes the place of an earlier one of the same slot.
  ///
  /// - Throws: ``Refusal`` where too many wait.
  package func submit(_ request: JobRequest) throws(Refusal) -> Int {
    if !request.slot.isEmpty {
      for (id, job) in jobs where job.request.slot == request.slot && !job.state.isFinal { cancel(id) }
    }
    guard waiting.count < Self.mostWaiting else {
      throw Refusal(.busy, "\(waiting.count) runs wait already; try again")
    }
    last += 1
    jobs[last] = Job(request)
    jobs[last]?.tell("queued", ["ahead": .number(Double(waiting.count + (running == nil ? 0 : 1)))])
    waiting.append(last)
    forget()
    startNext()
    return last
  }

  /// Ends a run before its next step.
  package func cancel(_ id: Int) {
    guard let job = jobs[id], !job.state.isFinal else { return }
    if job.state == .running {
      job.task?.cancel()
    } else {
      waiting.removeAll { $0 == id }
      finish(id, "cancelled", [:], .cancelled)
    }
  }

  /// Ends all runs.
  package func shut() {
    for id in waiting { cancel(id) }
    if let running { cancel(running) }
  }

  /// The state of a run, or nil where there is none of the number.
  package func state(of id: Int) -> Job.State? { jobs[id]?.state }

  /// The picture of a finished run.
  ///
  /// - Throws: ``Refusal`` where there is none.
  package func picture(of id: Int) throws(Refusal) -> [UInt8] {
    guard let job = jobs[id] else { throw Refusal(.missing, "no run \(id) is kept") }
    guard let picture = job.picture else { throw Refusal(.early, "run \(id) is \(job.state.rawValue)") }
    return picture
  }

  /// Counts a listener in.
  ///
  /// - Returns: Whether there is such a run.
  package func join(_ id: Int) -> Bool {
    jobs[id]?.listeners += 1
    return jobs[id] != nil
  }

  /// Counts a listener out.
  package func leave(_ id: Int) async {
    jobs[id]?.listeners -= 1
    guard jobs[id]?.listeners == 0 else { return }
    try? await Task.sleep(for: patience)
    if jobs[id]?.listeners == 0 { cancel(id) }
  }

  /// What a listener is to be told next.
  package enum News: Sendable {
    case event(Job.Event)
    /// Nothing has happened; the listener is told that the server is there.
    case nothing
    /// Nothing more will come.
    case end
  }

  /// Waits for an event after the one that a listener knows, no longer than a pulse.
  package func news(of id: Int, after number: Int) async -> News {
    if let news = knownNews(of: id, after: number) { return news }
    startPulse()
    await withCheckedContinuation { listening[id, default: []].append($0) }
    return knownNews(of: id, after: number) ?? .nothing
  }

  /// What there is to tell without waiting.
  private func knownNews(of id: Int, after number: Int) -> News? {
    guard let job = jobs[id] else { return .end }
    if job.event.number > number { return .event(job.event) }
    return job.state.isFinal ? .end : nil
  }

  private func wake(_ id: Int) {
    for listener in listening.removeValue(forKey: id) ?? [] { listener.resume() }
  }

  private func startPulse() {
    guard pulse == nil else { return }
    pulse = Task {
      while !listening.isEmpty {
        try? await Task.sleep(for: Self.pulseLength)
        for id in listening.keys { wake(id) }
      }
      pulse = nil
    }
  }

  private func finish(_ id: Int, _ name: String, _ members: [String: JSONValue], _ state: Job.State) {
    jobs[id]?.tell(name, members, state)
    jobs[id]?.task = nil
    wake(id)
  }

  /// Drops the oldest finished runs.
  private func forget() {
    for id in jobs.filter({ $0.value.state.isFinal }).keys.sorted().dropLast(Self.mostKept) { jobs[id] = nil }
  }

  private func startNext() {
    guard running == nil, !waiting.isEmpty else { return }
    let id = waiting.removeFirst()
    running = id
    jobs[id]?.state = .running
    gate.enter()
    jobs[id]?.task = Task {
      await run(id)
      gate.leave()
      running = nil
      startNext()
    }
  }

  private func run(_ id: Int) async {
    guard let request = jobs[id]?.request else { return }
    do {
      let session = try session(of: request.subject), keepsPath = request.keepsPath
      var path: [JSONValue] = []
      for try await preview in session.sample(
        request.sampling.settings, showing: request.view, keepsAll: keepsPath)
      {
        var members = try request.members(of: preview)
        if keepsPath { path.append(.object(members.filter { $0.key == "training_step" || $0.key == "places" })) }
        guard preview.isFinished else {
          jobs[id]?.tell("step", members)
          wake(id)
          continue
        }
        members["evaluations"] = .number(Double(preview.evaluations))
        if keepsPath { members["path"] = .array(path) }
        if case .model = request.subject {
          jobs[id]?.picture = try await picture(of: preview, request.sampling, session)
          members["png"] = .string("/api/jobs/\(id).png")
        }
        return finish(id, "done", members, .done)
      }
      finish(id, "cancelled", [:], .cancelled)
    } catch is CancellationError {
      finish(id, "cancelled", [:], .cancelled)
    } catch {
      finish(id, "failed", ["error": .string("\(error)".printable)], .failed)
    }
  }

  private func session(of subject: JobRequest.Subject) throws -> SamplingSession {
    switch subject {
    case .model(let model): model.session
    case .world(let world): try open(world.model)
    }
  }

  /// The picture that `sample` writes, with its record.
  private func picture(
    of preview: SamplingPreview, _ request: SamplingRequest, _ session: SamplingSession
  ) async throws -> [UInt8] {
    let (options, version) = (options, version)
    return try await session.perform { model, backend in
      let pipeline = try SamplingPipeline(model, request.settings, on: backend)
      var record = try RunRecord(
        request, pipeline, machine: .init(backend, options), version: version)
      record.evaluations = preview.evaluations
      let bytes = ImageConversion.pictureBytes(preview.values, preview.shape)
      return try record.grid(of: bytes, preview.shape)
    }
  }
}
