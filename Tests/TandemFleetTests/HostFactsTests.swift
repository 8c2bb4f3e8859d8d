import Testing

@testable import TandemFleet

@Suite("What a host says of itself")
struct HostFactsTests {
    @Test("An answer is read line by line, and what is missing stays unknown")
    func answer() throws {
        let facts = try #require(
            HostFacts(
                answer: #"""
                    architecture=aarch64
                    system=debian
                    version=13
                    name=Debian GNU/Linux 13 (trixie)
                    init=systemd
                    systemd=257
                    synchronised=no
                    memory=1024
                    files=unlimited
                    disk=/var/lib 2048 rw,noexec,relatime
                    disk=/var/log 4096
                    address=10.0.0.21/24
                    address=fe80::1/64
                    listeners=yes
                    listener=LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=7,fd=5),("nginx",pid=6,fd=5))
                    listener=LISTEN 0 128 [::]:22 [::]:*
                    listener=LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*
                    unit=nginx.service
                    table=inet filter
                    nft=yes
                    keepalived=2.2.7
                    archive=https://deb.debian.org/debian: Could not resolve = host
                    end=yes
                    """#))
        #expect(facts.architecture == "aarch64" && facts.systemdVersion == 257 && facts.isClockSynchronised == false)
        #expect(facts.availableMemoryBytes == 1 << 20 && facts.openFilesLimit == Int.max)
        #expect(
            facts.disks == [
                .init(path: "/var/lib", freeBytes: 2 << 20, isNoexec: true),
                .init(path: "/var/log", freeBytes: 4 << 20, isNoexec: false),
            ])
        #expect(facts.addresses == ["10.0.0.21", "fe80::1"])
        #expect(
            facts.listeners == [
                .init(address: "0.0.0.0", port: 80, program: "nginx"), .init(address: "::", port: 22, program: nil),
                .init(address: "127.0.0.53", port: 53, program: nil),
            ])
        #expect(facts.units == ["nginx.service"] && facts.tables == ["inet filter"])
        #expect(facts.archive == .unreachable("https://deb.debian.org/debian: Could not resolve = host"))
        #expect(facts.hasFirewallProgram && facts.keepalivedVersion == "2.2.7")
        #expect(facts.kernel.isEmpty)
    }

    @Test("One that was cut off is none")
    func cutOff() {
        #expect(HostFacts(answer: "architecture=x86_64\nmemory=1024\n") == nil)
    }

    @Test("A host that lists no sockets is told from one where nothing listens")
    func noList() throws {
        #expect(try #require(HostFacts(answer: "end=yes\n")).listeners == nil)
        #expect(try #require(HostFacts(answer: "listeners=yes\nend=yes\n")).listeners == [])
    }
}
