import DiffuseGPU
import Files
import Foundation
import FoundationNetworking
import TestSupport
import Testing

@Suite("serve", .serialized)
struct ServeCommandTests {
  /// The program as a server, with the address that it has printed.
  private func withServer<Result>(
    _ arguments: [String] = [], _ body: (_ address: URL, _ process: Process) async throws -> Result
  ) async throws -> Result {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: try Program.path)
    process.arguments = ["serve", "--port", "0", "--model", "mnist", "--device", "cpu"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    var line = ""
    while !line.hasSuffix("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
      line += String(decoding: byte, as: UTF8.self)
    }
    let address = try #require(URL(string: line.trimmingCharacters(in: .newlines)))
    return try await body(address, process)
  }

  private func request(
    _ address: URL, _ path: String, _ method: String = "GET", body: String? = nil, headers: [String: String] = [:]
  ) async throws -> (status: Int, body: Data) {
    var request = URLRequest(url: try #require(URL(string: "/" + path, relativeTo: address)))
    request.httpMethod = method
    request.httpBody = body.map { Data($0.utf8) }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    return (try #require(response as? HTTPURLResponse).statusCode, data)
  }

  private func json(_ data: Data) throws -> JSONValue {
    try JSONValue(String(decoding: data, as: UTF8.self), path: "answer")
  }

  @Test("The page and its files are there, and what is nowhere is refused in one line")
  func files() async throws {
    try await withServer { address, _ in
      for path in ["", "page.css", "page.js", "icon.svg", "api", "api/models", "api/models/0", "api/world?share=0.5"] {
        let answer = try await request(address, path)
        #expect(answer.status == 200 && !answer.body.isEmpty, "\(path)")
      }
      for (path, method, status) in [
        ("x", "GET", 404), ("../../etc/passwd", "GET", 404), ("api/models/7", "GET", 404), ("api/jobs/7", "GET", 404),
        ("api/jobs/7/events", "GET", 404), ("api/jobs/x.png", "GET", 404), ("api/world", "GET", 400),
        ("api/models", "DELETE", 405), ("", "POST", 405), ("api/jobs/7", "DELETE", 404),
      ] {
        let answer = try await request(address, path, method)
        #expect(answer.status == status, "\(method) \(path): \(answer.status)")
        #expect(try json(answer.body)["error"]?.string?.isEmpty == false)
      }
    }
  }

  @Test("The picture of a run is that of the command that stands beside it, byte for byte")
  func picture() async throws {
    let folder = try TemporaryFolder()
    try await withServer { address, _ in
      let asked = try await request(
        address, "api/jobs", "POST", body: "{\"model\": 0, \"steps\": 3, \"start\": 520, \"seeds\": \"0-3,8\"}")
      #expect(asked.status == 201)
      let id = try #require(try json(asked.body)["id"]?.string),
        command = try #require(try json(asked.body)["command"]?.string)
      // All events, to the end of the stream.
      let events = String(decoding: try await request(address, "api/jobs/\(id)/events").body, as: UTF8.self)
      #expect(events.contains("event: done\n") && events.contains("\"evaluations\": 3"))
      let picture = try await request(address, "api/jobs/\(id).png")
      #expect(picture.status == 200)
      var words = command.split(separator: " ").map(String.init).dropFirst()
      #expect(words.popLast() == "samples.png")
      let result = try Program.run(words + [folder.path("samples.png"), "--quiet"])
      #expect(result.status == 0, "\(result.error)")
      #expect(try Data(fileBytes(folder.path("samples.png"))) == picture.body)
    }
  }

  @Test("Other sites' requests are refused, and so are bodies that are no request")
  func hostile() async throws {
    try await withServer { address, _ in
      let run = "{\"model\": 0, \"steps\": 1}"
      for headers in [["Host": "evil.example"], ["Origin": "http://evil.example"], ["Origin": "null"]] {
        let (job, page) = try await (
          request(address, "api/jobs", "POST", body: run, headers: headers), request(address, "", headers: headers)
        )
        #expect(job.status == 403 && page.status == 403, "\(headers)")
      }
      for body in ["", "{", "[]", "{\"model\": 0, \"steps\": 1e99}", String(repeating: "[", count: 60_000)] {
        let answer = try await request(address, "api/jobs", "POST", body: body)
        #expect(answer.status == 400, "\(body.prefix(20))")
      }
      let large = try await request(address, "api/jobs", "POST", body: String(repeating: " ", count: 70_000))
      let models = try await request(address, "api/models")
      #expect(large.status == 413 && models.status == 200)
    }
  }

  @Test("SIGTERM ends the server cleanly, also in the middle of a run that is listened to")
  func terminates() async throws {
    try await withServer { address, process in
      let asked = try await request(
        address, "api/jobs", "POST", body: "{\"model\": 0, \"steps\": 1000, \"seeds\": \"0-63\"}")
      let id = try #require(try json(asked.body)["id"]?.string)
      let events = Task { try await request(address, "api/jobs/\(id)/events") }
      try await Task.sleep(for: .milliseconds(500))
      kill(process.processIdentifier, SIGTERM)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      // The run was not waited for.
      let heard = try? await events.value
      #expect(heard.map { !String(decoding: $0.body, as: UTF8.self).contains("event: done") } ?? true)
    }
  }

  @Test(
    "What cannot be served is said in one line",
    arguments: [
      (["--port", "70000"], "--port: "), (["--host", "192.0.2.1"], "192.0.2.1:0 cannot be listened at"),
      (["--host", "nowhere"], "nowhere is no address in numbers"), (["--model", "/nowhere"], "/nowhere"),
    ])
  func refusals(arguments: [String], words: String) throws {
    let base = arguments.contains("--port") ? [] : ["--port", "0"]
    let result = try Program.run(["serve", "--model", "mnist", "--device", "cpu", "--quiet"] + base + arguments)
    #expect(result.status != 0 && result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: ") && result.error.contains(words), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
  }
}
