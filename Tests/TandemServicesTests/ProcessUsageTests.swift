import Foundation
import Testing

@testable import TandemServices

@Suite("What processes use")
struct ProcessUsageTests {
    @Test("is read from the kernel's line, whatever the program is called")
    func parse() throws {
        let line =
            "12 (a b) (c) S 1 77 77 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 5 0 4711 1000000 25 18446744073709551615"
        let (group, usage) = try #require(ProcessUsage.parse(line))
        #expect(group == 77)
        #expect(usage.cpuSeconds == 400 / Double(sysconf(Int32(_SC_CLK_TCK))))
        #expect(usage.residentBytes == 25 * sysconf(Int32(_SC_PAGESIZE)))
        #expect(ProcessUsage.parse("12 (x) S 1") == nil)
        #expect(ProcessUsage.parse("") == nil)
    }

    @Test("is counted for this very process's group")
    func own() throws {
        let usage = try #require(ProcessUsage.byGroup()[getpgrp()])
        #expect(usage.residentBytes > 1 << 20)
    }
}
