import CMariaDB

extension MYSQL_TIME {
    init(_ date: MySQLDate) {
        self.init()
        year = UInt32(date.year)
        month = UInt32(date.month)
        day = UInt32(date.day)
        time_type = MYSQL_TIMESTAMP_DATE
    }

    init(_ value: MySQLDateTime) {
        self.init(value.date)
        hour = UInt32(value.hour)
        minute = UInt32(value.minute)
        second = UInt32(value.second)
        second_part = UInt(value.microsecond)
        time_type = MYSQL_TIMESTAMP_DATETIME
    }

}

extension MySQLDate {
    init(_ time: MYSQL_TIME) {
        self.init(year: UInt16(clamping: time.year), month: UInt8(clamping: time.month), day: UInt8(clamping: time.day))
    }
}

extension MySQLDateTime {
    init(_ time: MYSQL_TIME) {
        self.init(
            date: MySQLDate(time), hour: UInt8(clamping: time.hour), minute: UInt8(clamping: time.minute),
            second: UInt8(clamping: time.second), microsecond: UInt32(clamping: time.second_part))
    }
}

extension MySQLTime {
    init(_ time: MYSQL_TIME) {
        self.init(
            isNegative: time.neg != 0, hours: UInt16(clamping: time.day * 24 + time.hour),
            minutes: UInt8(clamping: time.minute),
            seconds: UInt8(clamping: time.second), microseconds: UInt32(clamping: time.second_part))
    }
}
