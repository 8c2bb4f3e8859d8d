// swift-tools-version: 6.2

import PackageDescription

/// Our own targets treat warnings as errors; dependencies are theirs to mend.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// For the simulator, which is of use only when it is fast: optimised as a whole in debug builds, too. The libraries that
/// others build upon have none of this.
let optimised =
    settings + [
        .unsafeFlags(
            ["-O", "-disable-batch-mode", "-whole-module-optimization", "-num-threads", "2"],
            .when(configuration: .debug))
    ]

let package = Package(
    name: "tandem",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tandem", targets: ["tandem"]),
        .executable(name: "conduit", targets: ["Conduit"]),
        .library(name: "MySQLConnector", targets: ["MySQLConnector"]),
        .library(name: "TandemMySQL", targets: ["TandemMySQL"]),
        .library(name: "HummingbirdTandemMySQL", targets: ["HummingbirdTandemMySQL"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The stack model: pure.
        .target(
            name: "TandemStack",
            dependencies: [.product(name: "Yams", package: "Yams")],
            swiftSettings: settings),
        .target(name: "TandemBlueprint", dependencies: ["TandemStack", "TandemTopology"], swiftSettings: settings),
        // What touches the machine.
        .target(
            name: "TandemEngines",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings),
        // Reaches the hosts of a stack that runs on other machines.
        .target(
            name: "TandemFleet",
            dependencies: ["TandemStack", .product(name: "Subprocess", package: "swift-subprocess")],
            swiftSettings: settings),
        .target(name: "CTandemSystem"),
        .target(
            name: "TandemServices",
            dependencies: ["CTandemSystem"],
            swiftSettings: settings),
        .target(
            name: "TandemPKI",
            dependencies: [
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings),
        .target(name: "TandemTopology", swiftSettings: settings),
        // The failover protocol, and the simulator that tries to break it: pure.
        .target(name: "TandemFailover", swiftSettings: optimised),
        .target(name: "TandemSimulation", dependencies: ["TandemFailover"], swiftSettings: optimised),
        // The store where it is decided who is primary: etcd.
        .target(
            name: "TandemCoordination",
            dependencies: [
                "TandemFailover",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        // Breaks a running stack on purpose and counts what users felt.
        .target(
            name: "TandemDrill",
            dependencies: [
                "TandemServices", "TandemStack",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .systemLibrary(name: "CMariaDB", providers: [.apt(["libmariadb-dev"])]),
        .target(
            name: "MySQLConnector",
            dependencies: [
                "CMariaDB",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings),
        .target(
            name: "TandemMySQL",
            dependencies: [
                "MySQLConnector", "TandemTopology",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "HummingbirdTandemMySQL",
            dependencies: [
                "TandemMySQL",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: settings),
        .target(
            name: "TandemReplication",
            dependencies: [
                "MySQLConnector", "TandemFailover", "TandemServices", "TandemStack",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        // Carries the failover out on one host: what the reducer asks for, done to a real server and to etcd.
        .target(
            name: "TandemFailoverDriver",
            dependencies: [
                "TandemCoordination", "TandemFailover", "TandemReplication", "TandemServices", "TandemStack",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .target(
            name: "TandemAgent",
            dependencies: [
                "CTandemSystem", "MySQLConnector", "TandemBlueprint", "TandemCoordination", "TandemFailover",
                "TandemFailoverDriver", "TandemPKI",
                "TandemReplication", "TandemServices", "TandemStack", "TandemTopology",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        // Keeps the agents of a stack running that is on one machine.
        .target(
            name: "TandemKeeper",
            dependencies: [
                "CTandemSystem", "TandemAgent", "TandemBlueprint", "TandemServices", "TandemStack", "TandemTopology",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        // What an operator does with a stack: roll it out, look at it, change it, stop it, here or over SSH.
        .target(
            name: "TandemOperator",
            dependencies: [
                "CTandemSystem", "TandemAgent", "TandemBlueprint", "TandemDrill", "TandemEngines", "TandemFleet",
                "TandemKeeper", "TandemPKI", "TandemReplication", "TandemServices", "TandemStack", "TandemTopology",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        // The verbs and their options, what is printed of a stack, and where the program begins.
        .executableTarget(
            name: "tandem",
            dependencies: [
                "CTandemSystem", "TandemAgent", "TandemBlueprint", "TandemDrill", "TandemEngines", "TandemFleet",
                "TandemKeeper", "TandemOperator", "TandemServices", "TandemSimulation", "TandemStack", "TandemTopology",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        // The application of the default stack.
        .executableTarget(
            name: "Conduit",
            dependencies: [
                "HummingbirdTandemMySQL", "MySQLConnector", "TandemMySQL",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Examples/Conduit/Sources",
            swiftSettings: settings),

        // Tests. Those that need real servers find them in the folder that TANDEM_TEST_ENGINES names (bin/test sets it).
        .testTarget(
            name: "TandemFailoverTests", dependencies: ["TandemFailover"], exclude: ["Model"], swiftSettings: settings),
        .testTarget(name: "TandemSimulationTests", dependencies: ["TandemSimulation"], swiftSettings: settings),
        .target(name: "StackFuzz", path: "Tests/StackFuzz", swiftSettings: settings),
        .testTarget(
            name: "TandemStackTests", dependencies: ["StackFuzz", "TandemStack"], swiftSettings: settings),
        .testTarget(
            name: "TandemBlueprintTests",
            dependencies: ["StackFuzz", "TandemBlueprint", "TandemStack", "TandemTopology"],
            exclude: ["Chain", "Golden"], swiftSettings: settings),
        .testTarget(
            name: "TandemEnginesTests",
            dependencies: ["TandemEngines", .product(name: "Subprocess", package: "swift-subprocess")],
            swiftSettings: settings),
        .testTarget(
            name: "ConduitTests",
            dependencies: [
                "Conduit", "MySQLConnector", "MySQLTestServer", "TandemMySQL",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(name: "MySQLTestServer", path: "Tests/MySQLTestServer", swiftSettings: settings),
        .executableTarget(
            name: "ExitTrial", dependencies: ["MySQLConnector", .product(name: "Logging", package: "swift-log")],
            path: "Tests/ExitTrial", swiftSettings: settings),
        .testTarget(
            name: "TandemServicesTests", dependencies: ["TandemServices"], exclude: ["Orphan"], swiftSettings: settings),
        .target(
            name: "EtcdTestServer", dependencies: ["TandemCoordination", "TandemPKI"], path: "Tests/EtcdTestServer",
            swiftSettings: settings),
        .testTarget(
            name: "TandemCoordinationTests",
            dependencies: [
                "EtcdTestServer", "TandemCoordination", "TandemFailover", "TandemPKI", "TandemSimulation",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TandemFailoverDriverTests",
            dependencies: [
                "EtcdTestServer", "MySQLConnector", "TandemBlueprint", "TandemCoordination", "TandemFailover",
                "TandemFailoverDriver", "TandemPKI", "TandemReplication", "TandemServices", "TandemStack",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TandemDrillTests", dependencies: ["TandemDrill", "TandemServices", "TandemStack"],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "TandemFleetTests", dependencies: ["StackFuzz", "TandemBlueprint", "TandemFleet", "TandemStack"],
            exclude: ["Clients"],
            swiftSettings: settings
        ),
        .testTarget(name: "TandemPKITests", dependencies: ["TandemPKI"], swiftSettings: settings),
        .testTarget(
            name: "TandemTopologyTests", dependencies: ["StackFuzz", "TandemTopology"], swiftSettings: settings),
        .testTarget(
            name: "TandemReplicationTests",
            dependencies: [
                "MySQLConnector", "MySQLTestServer", "TandemFailover", "TandemReplication", "TandemServices",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Data/Recorded"],
            swiftSettings: settings),
        .testTarget(
            name: "TandemAgentTests",
            dependencies: [
                "MySQLConnector", "MySQLTestServer", "TandemAgent", "TandemBlueprint", "TandemCoordination",
                "TandemFailover",
                "TandemFailoverDriver", "TandemKeeper", "TandemPKI", "TandemReplication", "TandemServices",
                "TandemStack", "TandemTopology",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TandemCommandTests",
            dependencies: [
                "tandem", "TandemAgent", "TandemBlueprint", "TandemFleet", "TandemOperator", "TandemServices",
                "TandemSimulation", "TandemReplication", "TandemStack", "TandemTopology",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MySQLConnectorTests",
            dependencies: [
                "ExitTrial", "MySQLConnector", "MySQLTestServer",
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TandemMySQLTests",
            dependencies: [
                "HummingbirdTandemMySQL", "MySQLConnector", "MySQLTestServer", "TandemMySQL", "TandemTopology",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "tandem", "Conduit", "MySQLConnector", "StackFuzz", "TandemAgent", "TandemBlueprint", "TandemMySQL",
                "TandemStack",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            exclude: ["Clients"],
            swiftSettings: settings),
    ]
)
