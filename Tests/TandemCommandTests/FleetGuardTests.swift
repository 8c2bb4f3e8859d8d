import Foundation
import TandemFleet
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

/// What `FleetGuard` brings to a host, shown to the programs that it is for.
@Suite("What root has on a host with an agent")
struct FleetGuardTests {
    private static let stack: Stack? = try? StackFile(
        text: """
            stack: shop
            app: {run: x}
            front: {address: 10.0.0.100}
            hosts:
              lb1: {address: 10.0.0.11, roles: [balancer]}
              lb2: {address: 10.0.0.12, roles: [balancer]}
              server1: {address: 10.0.0.21, roles: [web, app, database]}

            """, name: "tandem.yaml", folder: "/srv/shop"
    ).load()

    @Test("Its units are taken by systemd, keep their processes to what they need, and are enabled", arguments: [0, 2])
    func units(index: Int) throws {
        let stack = try #require(Self.stack)
        let change = try FleetGuard.change(stack, stack.hosts[index])
        let folder = try TemporaryFolder()
        var units: [String] = []
        for file in change.files {
            guard case .text(let text, _) = file.content, file.path.hasSuffix(".service") else { continue }
            let name = (file.path as NSString).lastPathComponent
            try folder.put(name, text)
            units.append("\(folder.path)/\(name)")
            // The agent's own is by whoever starts it, and no more once the stack is down.
            let isEnabled = change.files.contains { $0.content == .link(to: file.path) }
            #expect(isEnabled == (name != "tandem-shop.service"), "\(name)")
        }
        #expect(units.count == (index == 0 ? 3 : 2))
        let verdict = try ToolRun(["/usr/bin/systemd-analyze", "verify", "--man=no"] + units)
        #expect(!verdict.words.contains("shop-") || verdict.status == 0, "\(verdict.words)")
        for unit in units {
            let exposure = try ToolRun(
                ["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", unit])
            #expect(exposure.status == 0, "\(exposure.words)")
        }
        // An agent that ends and begins anew takes no address along.
        if index == 0 {
            let text = try String(contentsOfFile: try #require(units.last), encoding: .utf8)
            #expect(text.contains("StopPropagatedFrom=tandem-shop.service") && !text.contains("BindsTo"))
        }
    }
}
