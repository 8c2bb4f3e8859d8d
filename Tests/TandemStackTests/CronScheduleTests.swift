import Foundation
import Testing

@testable import TandemStack

@Suite("Times that return")
struct CronScheduleTests {
    private func seconds(_ text: String) throws -> Int {
        Int(try Date("\(text.replacing(" ", with: "T")):00Z", strategy: .iso8601).timeIntervalSince1970)
    }

    /// The times that follow, such as `2026-11-28 07:00`.
    private func times(_ schedule: String, after start: String, _ count: Int = 1) throws -> [String] {
        let schedule = try CronSchedule(parsing: schedule)
        var time = try seconds(start)
        return (0..<count).map { _ in
            time = schedule.next(after: time)
            let text = Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
            return String(text.dropLast(4)).replacing("T", with: " ")
        }
    }

    @Test(
        "come when crontab(5) says",
        arguments: [
            // 2026-11-28 is a Saturday.
            ("0 7 * * *", "2026-11-28 06:59", ["2026-11-28 07:00", "2026-11-29 07:00"]),
            ("0 7 * * *", "2026-11-28 07:00", ["2026-11-29 07:00"]),
            ("* * * * *", "2026-12-31 23:58", ["2026-12-31 23:59", "2027-01-01 00:00", "2027-01-01 00:01"]),
            ("*/20 9-10 * * *", "2026-11-28 09:30", ["2026-11-28 09:40", "2026-11-28 10:00", "2026-11-28 10:20"]),
            ("5-59/25 0 * * *", "2026-11-28 00:00", ["2026-11-28 00:05", "2026-11-28 00:30", "2026-11-28 00:55"]),
            ("0,30,15 12 * * *", "2026-11-28 12:00", ["2026-11-28 12:15", "2026-11-28 12:30", "2026-11-29 12:00"]),
            ("07 07 * * *", "2026-11-28 00:00", ["2026-11-28 07:07"]),
            ("0 8 * * mon-fri", "2026-11-28 00:00", ["2026-11-30 08:00", "2026-12-01 08:00"]),
            ("0 8 * * 1,WED", "2026-11-28 00:00", ["2026-11-30 08:00", "2026-12-02 08:00"]),
            ("0 8 * * 0", "2026-11-28 00:00", ["2026-11-29 08:00"]),
            ("0 8 * * 7", "2026-11-28 00:00", ["2026-11-29 08:00"]),
            ("0 8 * * 6-7", "2026-11-28 08:00", ["2026-11-29 08:00", "2026-12-05 08:00"]),
            ("0 8 * * sat-sun", "2026-11-28 08:00", ["2026-11-29 08:00", "2026-12-05 08:00"]),
            ("0 0 1 jan,Jul *", "2026-11-28 00:00", ["2027-01-01 00:00", "2027-07-01 00:00"]),
            ("0 0 31 * *", "2026-11-28 00:00", ["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00"]),
            ("0 0 29 2 *", "2026-11-28 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
            ("0 0 29 2 *", "2096-03-01 00:00", ["2104-02-29 00:00"]),
            // Either day, where both are named.
            ("0 0 13 * fri", "2026-11-01 00:00", ["2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00"]),
            ("0 0 30 2 1", "2026-11-28 00:00", ["2027-02-01 00:00"]),
            // Both, where one of the fields begins with an asterisk.
            ("0 0 */2 * mon", "2026-11-28 00:00", ["2026-12-07 00:00", "2026-12-21 00:00"]),
            ("0 0 13 * */7", "2026-11-28 00:00", ["2026-12-13 00:00", "2027-06-13 00:00"]),
            ("@hourly", "2026-11-28 06:59", ["2026-11-28 07:00"]),
            ("@daily", "2026-11-28 06:59", ["2026-11-29 00:00"]),
            ("@midnight", "2026-11-28 06:59", ["2026-11-29 00:00"]),
            ("@weekly", "2026-11-28 06:59", ["2026-11-29 00:00", "2026-12-06 00:00"]),
            ("@MONTHLY", "2026-11-28 06:59", ["2026-12-01 00:00"]),
            ("@yearly", "2026-11-28 06:59", ["2027-01-01 00:00"]),
            ("@annually", "2026-11-28 06:59", ["2027-01-01 00:00"]),
            ("  0\t7  * * * ", "2026-11-28 06:59", ["2026-11-28 07:00"]),
            ("30 6 * * *", "1969-12-30 06:30", ["1969-12-31 06:30", "1970-01-01 06:30"]),
        ])
    func come(schedule: String, start: String, expected: [String]) throws {
        #expect(try times(schedule, after: start, expected.count) == expected)
    }

    @Test("are whole minutes after the moment that is asked about")
    func wholeMinutes() throws {
        let schedule = try CronSchedule(parsing: "* * * * *")
        #expect(schedule.next(after: 59) == 60 && schedule.next(after: 60) == 120 && schedule.next(after: -1) == 0)
        #expect(schedule.next(after: -61) == -60)
    }

    @Test("agree with a search through every minute")
    func search() throws {
        var random = SystemRandomNumberGenerator()
        let fields = [
            ["*", "0", "*/7", "3,50", "10-20/3"], ["*", "0", "5-6", "*/11", "23"], ["*", "1", "28-31", "*/9"],
            ["*", "feb", "4,12", "*/5"], ["*", "sun", "1-5", "7", "*/3"],
        ]
        for _ in 0..<60 {
            let text = fields.map { $0.randomElement(using: &random) ?? "*" }.joined(separator: " ")
            let schedule = try CronSchedule(parsing: text)
            let start = Int.random(in: 1_700_000_000...1_900_000_000, using: &random)
            let found = schedule.next(after: start)
            #expect(found > start && found % 60 == 0, "\(text) after \(start)")
            #expect(matches(text, found), "\(text) after \(start): \(found)")
            var earlier = (start / 60 + 1) * 60
            while earlier < found, earlier < start + 3 * 86_400 {
                #expect(!matches(text, earlier), "\(text) after \(start): \(earlier) was passed over")
                earlier += 60
            }
        }
    }

    /// By Foundation's calendar, and by the fields one by one.
    private func matches(_ text: String, _ seconds: Int) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents(
            [.minute, .hour, .day, .month, .weekday], from: Date(timeIntervalSince1970: Double(seconds)))
        let numbers = [parts.minute, parts.hour, parts.day, parts.month, parts.weekday.map { $0 - 1 }].map { $0 ?? -1 }
        let fields = text.split(separator: " ")
        let kinds = [CronField.minute, .hour, .dayOfMonth, .month, .weekday]
        let fits = zip(kinds, zip(fields, numbers)).map { kind, pair in
            (try? kind.read(pair.0).contains(pair.1)) ?? false
        }
        let isEither = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        return fits[0] && fits[1] && fits[3] && (isEither ? fits[2] || fits[4] : fits[2] && fits[4])
    }

    @Test("that make no sense are refused, with the reason", arguments: refusals)
    func refused(text: String, reason: String) {
        let problem = #expect(throws: CronSchedule.Problem.self) { try CronSchedule(parsing: text) }
        #expect(problem?.description == reason)
    }

    @Test(
        "have the form of systemd's timers",
        arguments: [
            ("* * * * *", ["*-*-* *:*:00 UTC"]), ("@daily", ["*-*-* 00:00:00 UTC"]),
            ("@weekly", ["Sun *-*-* 00:00:00 UTC"]),
            ("0,30 7-9 * * mon-fri", ["Mon,Tue,Wed,Thu,Fri *-*-* 07,08,09:00,30:00 UTC"]),
            ("5 4 1,15 feb *", ["*-02-01,15 04:05:00 UTC"]),
            ("0 0 13 * fri", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]),
            ("0 0 */16 * 7", ["Sun *-*-01,17 00:00:00 UTC"]),
        ])
    func systemd(text: String, events: [String]) throws {
        #expect(try CronSchedule(parsing: text).calendarEvents == events)
    }

    @Test("are stored as they were written")
    func coding() throws {
        let schedule = try CronSchedule(parsing: "0 7 * * mon")
        let data = try JSONEncoder().encode([schedule])
        #expect(String(decoding: data, as: UTF8.self) == #"["0 7 * * mon"]"#)
        #expect(try JSONDecoder().decode([CronSchedule].self, from: data) == [schedule])
        #expect(throws: (any Error).self) { try JSONDecoder().decode([CronSchedule].self, from: Data(#"["x"]"#.utf8)) }
    }
}

private let refusals = [
    ("", "it has 0 fields and not 5: minute, hour, day of the month, month, day of the week"),
    ("7", "it has 1 field and not 5: minute, hour, day of the month, month, day of the week"),
    ("0 0 7 * * *", "it has 6 fields and not 5: minute, hour, day of the month, month, day of the week"),
    ("60 * * * *", "in the field for the minute, '60' is none of 0 to 59"),
    ("* 24 * * *", "in the field for the hour, '24' is none of 0 to 23"),
    ("* * 0 * *", "in the field for the day of the month, '0' is none of 1 to 31"),
    ("* * * 13 *", "in the field for the month, '13' is none of 1 to 12 or jan to dec"),
    ("* * * * 8", "in the field for the day of the week, '8' is none of 0 to 7 or sun to sat"),
    ("* * * * monday", "in the field for the day of the week, 'monday' is none of 0 to 7 or sun to sat"),
    ("mon * * * *", "in the field for the minute, 'mon' is none of 0 to 59"),
    ("-1 * * * *", "in the field for the minute, '' is none of 0 to 59"),
    ("1, * * * *", "in the field for the minute, '' is none of 0 to 59"),
    ("? * * * *", "in the field for the minute, '?' is none of 0 to 59"),
    ("* 22-2 * * *", "in the field for the hour, '22-2' counts backwards; write two ranges with a comma between them"),
    (
        "5/15 * * * *",
        "in the field for the minute, in '5/15' a step needs a range or * before it, such as */5 or 10-59/5"
    ),
    ("*/0 * * * *", "in the field for the minute, the step in '*/0' is no number from 1 to 59"),
    ("*/60 * * * *", "in the field for the minute, the step in '*/60' is no number from 1 to 59"),
    ("0 0 30 2 *", "30 February never comes"),
    ("0 0 31 4,6 *", "31 April, 31 June never come"),
    ("0 0 30,31 feb *", "30 February never comes"),
    (
        "@reboot",
        "of the words that begin with @ there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
    ),
    (
        "@daily 5",
        "of the words that begin with @ there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
    ),
    (String(repeating: "1,", count: 150), "it has more than 200 characters"),
]
