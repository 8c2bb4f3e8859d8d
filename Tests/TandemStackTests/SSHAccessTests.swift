import Testing

@testable import TandemStack

@Suite("How hosts are reached")
struct SSHAccessTests {
    private func access(_ ssh: String, _ host: String) throws -> SSHDestination {
        let stack = try load(
            smallest + "\(ssh)\nhosts:\n  one: {address: 10.0.0.1, \(host)roles: [balancer, web, app, database]}\n")
        return stack.ssh.destination(of: stack.hosts[0])
    }

    @Test("At its address, unless the file says otherwise; what a host says goes before what all say")
    func destinations() throws {
        #expect(try access("", "") == SSHDestination(name: "10.0.0.1"))
        #expect(
            try access("ssh: {user: deploy, port: 2222}", "")
                == SSHDestination(user: "deploy", name: "10.0.0.1", port: 2222))
        #expect(try access("ssh: {user: deploy}", "ssh: web1, ") == SSHDestination(user: "deploy", name: "web1"))
        #expect(
            try access("ssh: {user: deploy, port: 1}", "ssh: root@one.example.com:22, ")
                == SSHDestination(user: "root", name: "one.example.com", port: 22))
        #expect(try access("", "ssh: \"[2001:db8::1]:22\", ") == SSHDestination(name: "2001:db8::1", port: 22))
        #expect(try access("", "ssh: \"anna@[fe80::1%eth0]\", ").description == "anna@[fe80::1%eth0]")
    }

    @Test("The configuration is a file beside the stack file; nothing of it all is applied")
    func configuration() throws {
        let text = smallest + "hosts: {one: {address: 10.0.0.1, roles: [balancer, web, app, database]}}\n"
        let stack = try load(text + "ssh: {config: ssh_config}\n")
        #expect(stack.ssh.configuration == "/srv/shop/ssh_config")
        var same = stack
        same.ssh = SSHAccess()
        #expect(try load(text) == same)
    }

    @Test(
        "Nothing that OpenSSH or a shell could take for something else is a destination",
        arguments: [
            "-oProxyCommand=x", "a b", "a;b", "$(x)", "user@-x", "-x@host", "@host", "a@b@c", "host:", "host:0",
            "host:65536",
            "host:22:23", "[host]", "[::1", "[::1]22", "2001:db8::1", "", ":22", "höst", "a`b`",
        ])
    func strange(text: String) {
        #expect(SSHDestination(text) == nil)
    }

    @Test("Mistakes are told in their place")
    func errors() {
        #expect(
            TandemStackTests.errors(
                """
                stack: shop
                app: {run: x}
                ssh: {user: "-x", port: 0, prot: 22}
                hosts:
                  one: {address: 10.0.0.1, ssh: "a b", roles: [balancer, web, app, database]}

                """)
                    == """
                    tandem.yaml:3:13: error: ssh.user: expected a user's name of at most 32 letters, digits and -_., found '-x'
                    tandem.yaml:3:25: error: ssh.port: expected a port, 1 to 65535, found the number '0'
                    tandem.yaml:3:28: error: unknown key 'prot' in ssh; did you mean 'port'?
                    tandem.yaml:5:33: error: hosts.one.ssh: expected [USER@]NAME[:PORT], where NAME is a host of ssh_config, a domain name or an address, found 'a b'
                    """)
        #expect(
            TandemStackTests.errors(smallest + "hosts: {one: {ssh: web1, roles: [balancer, web, app, database]}}\n")
                == "tandem.yaml:4:20: error: hosts.one.ssh: one has no address, so it runs on this machine; leave 'ssh' out, or "
                + "give it the address at which the other hosts reach it")
    }
}
