import Testing

@Suite("Errors: Hosts")
struct HostsErrorTests {
    @Test("Every problem is told in its place", arguments: hostsErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let hostsErrors = [
    Golden(
        "A list of hosts",
        #"""
        stack: shop
        app: {run: x}
        hosts: [server1, server2]
        """#,
        #"""
        tandem.yaml:3:8: error: hosts: expected a map: each host's name, then its address and roles, found a list
        """#),
    Golden(
        "No hosts",
        #"""
        stack: shop
        app: {run: x}
        hosts: {}
        """#,
        #"""
        tandem.yaml:3:1: error: hosts is empty; leave it out for lb1, lb2, server1 and server2, or name a host
        """#),
    Golden(
        "A misspelt role",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web, app, databse]}
        """#,
        #"""
        tandem.yaml:4:37: error: hosts.one.roles: expected one of balancer, web, app, database, witness, monitor, found 'databse'; did you mean 'database'?
        """#),
    Golden(
        "A role that nobody has",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web]}
          two: {roles: [web]}
        """#,
        #"""
        tandem.yaml:3:1: error: hosts: no host has the role 'app'; at least one is needed
        tandem.yaml:3:1: error: hosts: no host has the role 'database'; at least one is needed
        """#),
    Golden(
        "Two witnesses, and so an even number of votes",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          lb1: {roles: [balancer, witness]}
          lb2: {roles: [balancer, witness]}
          db1: {roles: [web, app, database]}
          db2: {roles: [web, app, database]}
        """#,
        #"""
        tandem.yaml:4:3: error: hosts: 4 hosts would vote (lb1, lb2, db1, db2), those with the roles database and witness; expected an odd number, so that no half can stand against the other: give 'witness' to one host more or to one fewer
        """#),
    Golden(
        "More votes than seven",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web, app, database]}
          w1: {roles: [witness]}
          w2: {roles: [witness]}
          w3: {roles: [witness]}
          w4: {roles: [witness]}
          w5: {roles: [witness]}
          w6: {roles: [witness]}
          w7: {roles: [witness]}
          w8: {roles: [witness]}
        """#,
        #"""
        tandem.yaml:5:3: error: hosts: 9 hosts would vote, those with the roles database and witness; expected at most 7: take 'witness' away from some, or from all of them
        """#),
    Golden(
        "A witness that has data",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web, app, database, witness]}
        """#,
        #"""
        tandem.yaml:4:3: error: hosts.one.roles: a host with the role database votes already; leave 'witness' to hosts without it
        """#),
    Golden(
        "A role in the list twice",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web, app, database, web]}
        """#,
        #"""
        tandem.yaml:4:47: error: hosts.one.roles: 'web' is in the list twice
        """#),
    Golden(
        "Roles that are none",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: []}
          two: {roles: {web: true}}
          three:
          four: {roles: [[web], 1]}
        """#,
        #"""
        tandem.yaml:4:16: error: hosts.one.roles: expected a list of balancer, web, app, database, witness, monitor, found an empty list
        tandem.yaml:5:16: error: hosts.two.roles: expected a list of balancer, web, app, database, witness, monitor, found a map
        tandem.yaml:6:3: error: hosts.three.roles is missing; expected a list of balancer, web, app, database, witness, monitor, such as 'roles: [web, app, database]'
        tandem.yaml:7:18: error: hosts.four.roles: expected one of balancer, web, app, database, witness, monitor, found a list
        tandem.yaml:7:25: error: hosts.four.roles: expected one of balancer, web, app, database, witness, monitor, found the number '1'
        """#),
    Golden(
        "Names",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          1: {roles: [balancer, web, app, database]}
          Web_1: {roles: [web]}
          "a b": {roles: [web]}
          web.example.com: {roles: [web]}
        """#,
        #"""
        tandem.yaml:4:3: error: hosts: expected a name of 1 to 63 lower-case letters, digits and hyphens that begins with a letter, found '1'
        tandem.yaml:5:3: error: hosts: expected a name of 1 to 63 lower-case letters, digits and hyphens that begins with a letter, found 'Web_1'; did you mean 'web-1'?
        tandem.yaml:6:3: error: hosts: expected a name of 1 to 63 lower-case letters, digits and hyphens that begins with a letter, found 'a b'; did you mean 'a-b'?
        tandem.yaml:7:3: error: hosts: expected a name of 1 to 63 lower-case letters, digits and hyphens that begins with a letter, found 'web.example.com'; did you mean 'web-example-com'?
        """#),
    Golden(
        "The same name twice",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer, web, app, database]}
          one: {roles: [web]}
        """#,
        #"""
        tandem.yaml:5:3: error: the key 'one' is here twice; first in line 4
        """#),
    Golden(
        "Addresses",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {address: 10.0.0.256, roles: [balancer, web, app, database]}
          two: {address: 010.0.0.1, roles: [web]}
          three: {address: server.example.com, roles: [web]}
          four: {address: "::1", roles: [web]}
          five: {address: 10.1, roles: [web]}
          six: {address: 224.0.0.1, roles: [web]}
        """#,
        #"""
        tandem.yaml:4:18: error: hosts.one.address: expected an IPv4 address such as 10.0.0.11, found '10.0.0.256'
        tandem.yaml:5:18: error: hosts.two.address: expected an IPv4 address such as 10.0.0.11, found '010.0.0.1'
        tandem.yaml:6:20: error: hosts.three.address: expected an IPv4 address such as 10.0.0.11, found 'server.example.com'
        tandem.yaml:7:19: error: hosts.four.address: expected an IPv4 address such as 10.0.0.11, found '::1'
        tandem.yaml:8:19: error: hosts.five.address: expected an IPv4 address such as 10.0.0.11, found the number '10.1'
        tandem.yaml:9:18: error: hosts.six.address: expected an IPv4 address such as 10.0.0.11, found '224.0.0.1'
        """#),
    Golden(
        "The same address twice",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {address: 10.0.0.1, roles: [balancer, web, app, database]}
          two: {address: 10.0.0.1, roles: [web]}
        """#,
        #"""
        tandem.yaml:5:18: error: hosts.two.address: 10.0.0.1 belongs to one already (line 4); expected an address of its own
        """#),
    Golden(
        "This machine and the network mixed",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {roles: [balancer]}
          two: {address: 10.0.0.1, roles: [web, app, database]}
          three: {address: 127.0.0.5, roles: [web]}
        """#,
        #"""
        tandem.yaml:4:3: error: hosts.one has no address, but two (line 5) has 10.0.0.1; expected all hosts on this machine, or all on the network
        tandem.yaml:6:20: error: hosts.three has the loopback address 127.0.0.5, but two (line 5) has 10.0.0.1; expected all hosts on this machine, or all on the network
        """#),
    Golden(
        "An unknown key of a host",
        #"""
        stack: shop
        app: {run: x}
        hosts:
          one: {ip: 10.0.0.1, role: web, zone: a}
        """#,
        #"""
        tandem.yaml:4:9: error: unknown key 'ip' in hosts.one; here it is called 'address'
        tandem.yaml:4:23: error: unknown key 'role' in hosts.one; here it is called 'roles'
        tandem.yaml:4:34: error: unknown key 'zone' in hosts.one; expected one of address, ssh, roles
        """#),
]
