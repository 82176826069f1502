import ComputeCPU
import Files
import Foundation
import Models
import Pipelines
import Pretrained
import Testing

import Serving

@Suite("The queue of runs", .serialized)
struct JobQueueTests {
  private func request(_ model: ServedModel, steps: Int, seeds: String = "0", slot: String = "") throws -> JobRequest {
    try JobRequest(
      json("{\"model\": 0, \"steps\": \(steps), \"seeds\": \"\(seeds)\", \"slot\": \"\(slot)\"}"), of: [model])
  }

  /// All events of a run after one that is known, pulses left out.
  private func events(_ queue: JobQueue, _ id: Int, after known: Int = 0) async -> [Job.Event] {
    var events: [Job.Event] = [], known = known
    while true {
      switch await queue.news(of: id, after: known) {
      case .event(let event):
        events.append(event)
        known = event.number
      case .nothing: continue
      case .end: return events
      }
    }
  }

  @Test("Runs are done in turn; events rise, the last says done, and a listener that comes late hears it")
  func order() async throws {
    let model = try await makeServedModel(), queue = makeQueue()
    let first = try await queue.submit(request(model, steps: 3)),
      second = try await queue.submit(request(model, steps: 2))
    let heard = await events(queue, second)
    #expect(await queue.state(of: first) == .done)
    #expect(heard.map(\.number) == heard.map(\.number).sorted() && heard.last?.name == "done")
    #expect(heard.last?.json["evaluations"]?.int == 2 && heard.last?.json["of"]?.int == 2)
    #expect(await events(queue, second).map(\.name) == ["done"])
    #expect(await events(queue, second, after: try #require(heard.last).number).isEmpty)
  }

  @Test("The picture is a PNG file whose record gives the same bytes, and early it is not there")
  func picture() async throws {
    let model = try await makeServedModel(), queue = makeQueue()
    let id = try await queue.submit(request(model, steps: 2, seeds: "3-6"))
    let long = try await queue.submit(request(model, steps: 1000))
    await #expect(throws: Refusal(.early, "run \(long) is queued")) { try await queue.picture(of: long) }
    _ = await events(queue, id)
    await queue.cancel(long)
    let picture = try await queue.picture(of: id)
    let file = NSTemporaryDirectory() + "\(UUID().uuidString).png"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data(picture).write(to: URL(filePath: file))
    let record = try RunRecord(contentsOf: file)
    #expect(record.request.settings.seeds == [3, 4, 5, 6] && record.evaluations == 2)
    await #expect(throws: Refusal.self) { try await queue.picture(of: 0) }
  }

  @Test("A later run of a slot takes the place of one that runs or waits; other slots are left alone")
  func slots() async throws {
    let model = try await makeServedModel(), queue = makeQueue()
    let long = try await queue.submit(request(model, steps: 1000, slot: "a/late"))
    let waiting = try await queue.submit(request(model, steps: 1000, slot: "b/late"))
    let other = try await queue.submit(request(model, steps: 1, slot: "c/late"))
    _ = try await queue.submit(request(model, steps: 1, slot: "b/late"))
    #expect(await queue.state(of: waiting) == .cancelled)
    let last = try await queue.submit(request(model, steps: 1, slot: "a/late"))
    #expect(await events(queue, last).last?.name == "done")
    #expect(await queue.state(of: long) == .cancelled)
    #expect(await queue.state(of: other) == .done)
  }

  @Test("A ninth run that waits is refused, and there is room again when one is cancelled")
  func busy() async throws {
    let model = try await makeServedModel(), queue = makeQueue()
    var ids: [Int] = []
    for _ in 0...JobQueue.mostWaiting { ids.append(try await queue.submit(request(model, steps: 1000))) }
    await #expect(throws: Refusal(.busy, "8 runs wait already; try again")) {
      try await queue.submit(request(model, steps: 1))
    }
    await queue.cancel(ids[4])
    _ = try await queue.submit(request(model, steps: 1))
    await queue.shut()
    #expect(await events(queue, ids[0]).last?.name == "cancelled")
  }

  @Test("A run stops when nobody listens any more")
  func lastListener() async throws {
    let model = try await makeServedModel(), queue = makeQueue(patience: .zero)
    let id = try await queue.submit(request(model, steps: 1000, seeds: "0-3"))
    #expect(await queue.join(id))
    #expect(await queue.join(id))
    await queue.leave(id)
    #expect(await queue.state(of: id) == .running)
    await queue.leave(id)
    #expect(await events(queue, id).last?.name == "cancelled")
    #expect(await queue.join(0) == false)
  }

  @Test("A run goes on for a listener that comes back")
  func returningListener() async throws {
    let model = try await makeServedModel(), queue = makeQueue(patience: .seconds(3600))
    let id = try await queue.submit(request(model, steps: 1000, seeds: "0-3"))
    #expect(await queue.join(id))
    let leaving = Task { await queue.leave(id) }
    // Time to be counted out.
    try await Task.sleep(for: .milliseconds(100))
    #expect(await queue.join(id))
    // Ends the patience.
    leaving.cancel()
    await leaving.value
    #expect(await queue.state(of: id) == .running)
    await queue.shut()
  }

  @Test("A run that fails says why in one line")
  func failure() async throws {
    let model = try await makeServedModel(), queue = makeQueue()
    let faulty = try JobRequest(json("{\"model\": 0, \"class\": \"3\"}"), of: [model])
    let last = await events(queue, try await queue.submit(faulty)).last
    #expect(last?.name == "failed" && last?.json["error"]?.string?.isEmpty == false)
  }

  @Test("Studies wait while a run is under way, and end when they are told to")
  func gate() async throws {
    let gate = StudyGate()
    gate.enter()
    let passed = Task.detached { gate.pass() }
    try await Task.sleep(for: .milliseconds(50))
    gate.leave()
    #expect(await passed.value)
    gate.enter()
    let shut = Task.detached { gate.pass() }
    gate.shut()
    #expect(await shut.value == false)
  }
}
