// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A package of its own, so that nothing of it is built for those who only use Tandem.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "tandem", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // What measures: it needs nothing of Tandem's, and starts the programs that are measured.
        .executableTarget(name: "Benchmarks", swiftSettings: settings),
        // Our side of the comparison of MySQL clients; the others are in Clients/.
        .executableTarget(
            name: "MySQLLoad",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MySQLConnector", package: "tandem"),
                .product(name: "TandemMySQL", package: "tandem"),
            ],
            swiftSettings: settings),
    ]
)
