extension Schema {
    static let front = Section(
        path: "front",
        explanation: """
            Where users reach the stack. Of a stack on one machine, `listen` shows it to the network; all else is for hosts that are other \
            machines. An `address` is none of a host's own: \
            keepalived puts it on one balancer, and on another one when that one fails. Lead your domain to it. All balancers \
            have to be in one network, and it has to let addresses move (most clouds do not).
            """,
        keys: [
            Key(
                name: "address", kind: .movingAddresses, presence: .derived("each balancer has its own address alone"),
                synonyms: ["addresses", "vip", "virtual_ip", "ip", "virtual_ipaddress"],
                explanation: """
                    One address that the balancers share; or a list of several, each of which another balancer has first, so that \
                    all of them work: lead your domain to all of these. An address may have a prefix length, such as \
                    10.0.0.100/24. `none` says that nothing of the kind is wanted: behind a load balancer of a cloud, or where \
                    the domain leads to the addresses of all balancers.
                    """,
                example: "[10.0.0.100, 10.0.0.101]"),
            Key(
                name: "interface", kind: .interfaceName,
                presence: .derived("the interface that has the balancer's own address"),
                synonyms: ["device", "dev", "nic"],
                explanation: "The network interface of the balancers that the addresses are put on.",
                example: "eth0"),
            Key(
                name: "listen", kind: .address, presence: .derived("127.0.0.1, which this machine alone reaches"),
                synonyms: ["bind", "listen_address"],
                explanation: """
                    Of a stack whose hosts are this one machine: which of its addresses shows the stack to others in the network. They reach it by \
                    `domain`, where that leads here, or by the address itself.
                    """,
                example: "192.168.1.20", isAlternative: true),
        ])
}
