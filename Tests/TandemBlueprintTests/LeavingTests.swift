import TandemBlueprint
import TandemStack
import Testing

@Suite("What nginx is told before a restart") struct LeavingTests {
    private func leaving(instances: Int, hosts: Int) -> Leaving {
        var stack = Sample.conduit.stack
        stack.app.instances = instances
        stack.hosts = (1...hosts).map { Host(name: "server\($0)", address: "127.9.0.\($0)", roles: Role.allCases) }
        return Leaving(stack: stack, host: stack.hosts[0])
    }

    @Test("is nothing while nobody leaves, and nothing where nobody else is there")
    func nobody() {
        #expect(leaving(instances: 2, hosts: 2).appFile(leaving: []) == nil)
        #expect(leaving(instances: 1, hosts: 1).appFile(leaving: [3000]) == nil)
        #expect(leaving(instances: 2, hosts: 1).appFile(leaving: [3001, 3000]) == nil)
        #expect(leaving(instances: 1, hosts: 1).nginxFile == nil)
    }

    @Test("is to leave out one instance of several, or the host's whole app where that is all or more than one")
    func some() {
        #expect(leaving(instances: 1, hosts: 2).appFile(leaving: [3000]) == "app")
        #expect(leaving(instances: 3, hosts: 1).appFile(leaving: [3001]) == "app-2")
        #expect(leaving(instances: 3, hosts: 2).appFile(leaving: [3001]) == "app-2")
        #expect(leaving(instances: 3, hosts: 2).appFile(leaving: [3001, 3000]) == "app")
        // Nobody else is there: one that came up no more is left to its fate.
        #expect(leaving(instances: 3, hosts: 1).appFile(leaving: [3001, 3000]) == "app-1")
        #expect(leaving(instances: 3, hosts: 2).nginxFile == "nginx")
    }

    @Test("names each instance once, however many there are", arguments: [1, 2, 7, 8, 9, 30, Ports.appInstanceLimit])
    func groups(instances: Int) {
        let leaving = leaving(instances: instances, hosts: 1)
        let files = (0..<instances).map { leaving.appFile(leaving: [3000 + $0]) }
        #expect(instances == 1 || !files.contains(nil))
        #expect(Set(files).count <= 8 && files.compactMap(\.self) == files.compactMap(\.self).sorted())
    }
}
