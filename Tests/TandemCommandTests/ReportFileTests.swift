import Foundation
import Testing

@testable import TandemOperator

@Suite("The file of a drill's report")
struct ReportFileTests {
    @Test("keeps what an earlier drill wrote until there is a report, and nothing of it then")
    func earlier() throws {
        let path = "\(NSTemporaryDirectory())report-\(UInt32.random(in: 0 ... .max)).html"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ReportFile(path).write("a long report of an earlier drill")
        let file = try ReportFile(path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a long report of an earlier drill")
        try file.write("short")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "short")
        #expect(throws: Failure.self) { try ReportFile("/proc/none/report.html") }
    }
}
