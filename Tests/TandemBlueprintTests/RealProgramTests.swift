import Foundation
import TandemBlueprint
import TandemStack
import Testing

/// Every generated file, read by the program it is for, from a folder whose name has everything that needs quoting.
@Suite struct RealProgramTests {
    @Test(arguments: Sample.all)
    func `the real programs accept every generated file without a warning`(sample: Sample) throws {
        let bench = try ProgramBench(sample)
        defer { bench.remove() }
        for host in bench.stack.hosts {
            let blueprint = try bench.prepare(host)
            #expect(!blueprint.services.isEmpty)
            for service in blueprint.services + [blueprint.keepalived].compactMap(\.self) {
                guard let outcome = try bench.check(service) else { continue }
                #expect(outcome.status == 0, "\(host.name), \(service.name.rawValue):\n\(outcome.output)")
                #expect(outcome.output == "", "\(host.name), \(service.name.rawValue)")
            }
        }
    }

    @Test func `the real programs refuse a file that is broken`() throws {
        let bench = try ProgramBench(.smallest)
        defer { bench.remove() }
        for host in bench.stack.hosts {
            let blueprint = try bench.prepare(host)
            for file in blueprint.files {
                try Data((file.contents + "\nno_such_directive here;\n").utf8).write(
                    to: URL(fileURLWithPath: file.path))
            }
            for service in blueprint.services {
                guard let outcome = try bench.check(service) else { continue }
                #expect(outcome.status != 0, "\(service.name.rawValue)")
            }
        }
    }
}
