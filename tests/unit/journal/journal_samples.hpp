#pragma once
#include <unistd.h>

#include <array>
#include <deque>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "journal/journal_format.hpp"

// Random but repeatable events of every kind, and a folder that is gone after the test.
namespace tide::journal_samples {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tide-journal-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

// Owns the texts of the events it makes.
class EventMaker {
  public:
    explicit EventMaker(uint64_t seed) : random_(seed) {}

    Event make(uint64_t sequence, size_t alternative) {
        Event event;
        event.sequence = sequence;
        event.received = ReceiveTime(Duration(number(1'700'000'000'000'000'000)));
        event.exchange = ExchangeTime(Duration(number(1'700'000'000'000'000'000)));
        event.payload = payload(alternative % std::variant_size_v<EventPayload>);
        return event;
    }
    std::vector<Event> make_many(size_t count) {
        std::vector<Event> events;
        for (size_t i = 0; i < count; ++i) events.push_back(make(i + 1, i));
        return events;
    }

  private:
    int64_t number(int64_t below) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(below)); }
    int64_t any() { return static_cast<int64_t>(random_()); }
    template <class Enum>
    Enum pick(Enum last) {
        return static_cast<Enum>(number(static_cast<int64_t>(last) + 1));
    }
    std::string_view text() {
        std::string& made = texts_.emplace_back();
        const int64_t size = number(40);
        for (int64_t i = 0; i < size; ++i) made.push_back(static_cast<char>(number(256)));
        return made;
    }
    Date date() { return make_date(2024, 1, 1) + std::chrono::days(number(1000)); }

    EventPayload payload(size_t alternative) {
        switch (alternative) {
            case 0:
                return tick();
            case 1:
                return bar();
            case 2:
                return ClockEvent{};
            case 3:
                return update();
            case 4:
                return CommandEvent{pick(CommandKind::acknowledge), text(), text(), text()};
            case 5:
                return ConfigEvent{text()};
            case 6:
                return ScriptEvent{StrategyId(static_cast<uint16_t>(any())), pick(ScriptRole::strategy), text(), text(),
                                   text()};
            case 7:
                return instrument();
            case 8:
                return trading_day();
            case 9:
                return DayEndEvent{date()};
            case 10:
                return charge_rate();
            case 11:
                return FeedStatusEvent{pick(FeedState::ended), text(), text()};
            case 12:
                return BrokerBooksEvent{pick(BooksOccasion::asked), text()};
            default:
                return ServiceStatusEvent{pick(Service::exchange), pick(ServiceState::down),
                                          ReceiveTime(Duration(number(1'700'000'000'000'000'000))), text()};
        }
    }
    TickEvent tick() {
        TickEvent e;
        e.instrument = InstrumentId(static_cast<uint32_t>(any()));
        e.flags = static_cast<uint32_t>(any());
        e.last = Price::from_units(any());
        e.bid = Price::from_units(any());
        e.ask = Price::from_units(any());
        e.bid_quantity = any();
        e.ask_quantity = any();
        e.volume = any();
        e.oi = any();
        return e;
    }
    BarEvent bar() {
        Bar b;
        b.instrument = InstrumentId(static_cast<uint32_t>(any()));
        b.timeframe = pick(Timeframe::w1);
        b.flags = static_cast<uint16_t>(any());
        b.start = ExchangeTime(Duration(any()));
        b.open = Price::from_units(any());
        b.high = Price::from_units(any());
        b.low = Price::from_units(any());
        b.close = Price::from_units(any());
        b.volume = any();
        b.oi = any();
        return BarEvent{b, number(2) == 1};
    }
    OrderUpdateEvent update() {
        OrderUpdateEvent e;
        e.order = OrderId(static_cast<uint64_t>(any()));
        e.broker_order = BrokerOrderId(static_cast<uint64_t>(any()));
        e.kind = pick(OrderUpdateKind::absent);
        e.flags = static_cast<uint16_t>(any());
        e.quantity = Quantity(any());
        e.price = Price::from_units(any());
        e.fill = FillId(static_cast<uint64_t>(any()));
        e.reason = text();
        return e;
    }
    InstrumentEvent instrument() {
        InstrumentEvent e;
        e.instrument.id = InstrumentId(static_cast<uint32_t>(any()));
        e.instrument.symbol = text();
        e.instrument.exchange = text();
        e.instrument.calendar = text();
        e.instrument.kind = pick(InstrumentKind::volatility_index);
        e.instrument.right = pick(OptionRight::put);
        e.instrument.underlying = InstrumentId(static_cast<uint32_t>(any()));
        if (number(2) == 1) e.instrument.expiry = date();
        e.instrument.monthly = number(2) == 1;
        e.instrument.strike = Price::from_units(any());
        e.instrument.lot = Quantity(any());
        e.instrument.tick = Price::from_units(any());
        e.instrument.freeze = Quantity(any());
        return e;
    }
    TradingDayEvent trading_day() {
        TradingDayEvent e;
        e.date = date();
        e.session_count = static_cast<uint8_t>(number(4));
        for (size_t i = 0; i < e.session_count; ++i) e.sessions[i] = {Duration(any()), Duration(any())};
        e.from_data = number(2) == 1;
        e.history = number(2) == 1;
        e.calendar = text();
        return e;
    }
    ChargeRateEvent charge_rate() {
        ChargeRateEvent e;
        e.item = text();
        e.exchange = text();
        e.kind = pick(InstrumentKind::volatility_index);
        e.side = text();
        e.rate_e8 = any();
        e.flat = Money::from_units(any());
        e.rounding = text();
        e.base = text();
        e.from = date();
        e.to = date();
        return e;
    }

    std::mt19937_64 random_;
    std::deque<std::string> texts_;
};

}  // namespace tide::journal_samples
