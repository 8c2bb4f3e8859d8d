import TandemFailover

@testable import TandemSimulation

/// The simulator's servers without agents, etcd and faults: statements are given by hand.
struct ModelServers {
    private var world = World(topology: .smallest)
    private var nextID: UInt64 = 0

    /// Both are up, closed, and have the same data.
    init(admitted: [HostSet]) {
        for host in 0..<2 {
            world.servers[host] = SimulatedServer(origin: UInt32(host + 1))
            world.servers[host].isFresh = false
            world.servers[host].admitted = admitted[host]
        }
        world.networkChanged()
        world.bootServer(0)
        settle()
        // What prepares the database.
        world.servers[0].isSourceSideOn = false
        world.servers[0].access = .guarded
        world.commit(0, isClient: false)
        world.histories[1] = world.histories[0]
        world.servers[1].held = 1
        world.servers[1].logged = 1
        world.servers[1].committed = 1
        world.servers[1].durable = 1
        for host in 0..<2 { restart(host) }
    }

    func observe(_ host: Int) -> ServerObservation { world.observe(host) }

    /// Transactions since both were prepared: those that the storage engine shows, and those that the disk holds.
    func committed(_ host: Int) -> Int { world.servers[host].committed - 1 }
    func held(_ host: Int) -> Int { world.servers[host].held - 1 }

    func isBeatWaiting(_ host: Int) -> Bool { !world.heartbeats[host].isEmpty }
    func waits(_ host: Int) -> Bool { world.servers[host].waiting > 0 }

    /// Whether all that a host holds is the beginning of what the other one holds.
    func fits(_ host: Int, after other: Int) -> Bool { world.histories[other].starts(with: world.histories[host]) }

    /// A commit here does not make two histories of one.
    func mayCommit(_ host: Int) -> Bool {
        fits(1 - host, after: host) && world.servers[host].logged == world.servers[host].held
    }

    mutating func run(_ command: ServerCommand, _ host: Int) {
        nextID += 1
        world.carryOut(command, host, 0, world.servers[host].boot, nextID)
        settle()
    }

    mutating func clientWrites(_ host: Int) {
        if world.servers[host].access == .writing { world.commit(host, isClient: true) }
        settle()
    }

    mutating func beat(_ host: Int) {
        nextID += 1
        world.writeHeartbeat(host, 0, world.servers[host].boot, nextID, 1_000_000)
        settle()
    }

    mutating func restart(_ host: Int) {
        world.killServer(host, by: "the test")
        world.bootServer(host)
        settle()
    }

    /// All that is under way happens.
    private mutating func settle() {
        let end = world.time + 8_000_000
        while let next = world.queue.nextTime, next <= end, let (time, slot) = world.queue.pop() {
            world.time = time
            world.dispatch(world.queue.take(slot))
        }
        world.time = end
        for host in 0..<2 { world.servers[host].settle(at: end) }
    }
}
