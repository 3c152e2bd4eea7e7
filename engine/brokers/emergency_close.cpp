#include "brokers/emergency_close.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trading/order_desk.hpp"

namespace tide {
namespace {

std::string_view name_of(OrderUpdateKind kind) {
    static constexpr std::string_view kNames[] = {"acknowledged",     "rejected",        "filled",
                                                  "cancelled",        "cancel_rejected", "replaced",
                                                  "replace_rejected", "expired",         "unknown_outcome"};
    return kNames[static_cast<size_t>(kind)];
}

class Closing {
  public:
    Closing(ExchangeLink& exchange, const EmergencyCloseSettings& settings, const std::function<ReceiveTime()>& now)
        : exchange_(exchange), settings_(settings), clock_(now) {}

    Result<EmergencyResult> run(const std::function<void()>& wait) {
        auto books = exchange_.books();
        if (!books) return books.error();
        result_.before = *books;
        result_.began = tell_time();
        note_cancelled(*books);
        while (!books->flat() && now_ - result_.began < settings_.give_up) {
            for (const BookOrder& order : books->orders) cancel(order);
            for (const BookPosition& position : books->positions) {
                if (!may_cover(position, *books)) close(position, *books);
            }
            hear();
            if (!exchange_.alive()) return exchange_.status().error();
            wait();
            tell_time();
            hear();
            books = exchange_.books();
            if (!books) return books.error();
            note_cancelled(*books);
        }
        result_.after = *books;
        result_.flat = books->flat();
        result_.ended = tell_time();
        return std::move(result_);
    }

  private:
    struct Asked {
        OrderId order;
        ReceiveTime at;
        InstrumentId instrument = {};
        std::string symbol = {};
    };

    ReceiveTime tell_time() {
        now_ = std::max(now_, clock_());
        exchange_.set_now(now_);
        return now_;
    }
    void note(std::string what) { result_.actions.push_back({now_, std::move(what)}); }

    void note_cancelled(const ExchangeBooks& books) {
        const bool left = std::any_of(books.orders.begin(), books.orders.end(),
                                      [](const BookOrder& o) { return o.id.value() < kFirstWatchdogOrder; });
        if (!left && !result_.cancelled) result_.cancelled = now_;
    }

    // Every order of the session at once; one of our own when its time is over. Again after a second.
    void cancel(const BookOrder& order) {
        auto asked =
            std::find_if(cancels_.begin(), cancels_.end(), [&](const Asked& a) { return a.order == order.id; });
        if (asked != cancels_.end() && now_ - asked->at < seconds(1)) return;
        const auto own = std::find_if(own_.begin(), own_.end(), [&](const Asked& a) { return a.order == order.id; });
        if (own != own_.end() && now_ - own->at < settings_.try_for) return;
        if (asked == cancels_.end()) {
            cancels_.push_back({order.id, now_});
        } else {
            asked->at = now_;
        }
        Order message;
        message.id = order.id;
        exchange_.cancel(message);
        ++result_.cancels;
        note(fmt::format("cancel of order {}: {} {} {} at {}", order.id.value(), tide::name_of(order.side),
                         order.remaining.units(), order.symbol, to_string(order.limit)));
    }

    // What is bought may cover what is sold on the same underlying: it stays while anything there is sold, or may still
    // be by an order that is not ours. (These books know nothing of groups.)
    bool may_cover(const BookPosition& bought, const ExchangeBooks& books) {
        if (bought.net.units() < 0) return false;
        const auto beside = [&](const auto& row) {
            return row.underlying == bought.underlying && row.instrument != bought.instrument;
        };
        const bool covers = std::any_of(books.positions.begin(), books.positions.end(),
                                        [&](const BookPosition& p) { return beside(p) && p.net.units() < 0; }) ||
                            std::any_of(books.orders.begin(), books.orders.end(), [&](const BookOrder& o) {
                                return beside(o) && o.side == Side::sell && o.id.value() < kFirstWatchdogOrder;
                            });
        if (covers && std::find(kept_.begin(), kept_.end(), bought.instrument) == kept_.end()) {
            kept_.push_back(bought.instrument);
            note(fmt::format("{} is kept until what is sold on its underlying is bought back", bought.symbol));
        }
        return covers;
    }

    // No order of anybody's may rest on it meanwhile: the position would be closed twice.
    void close(const BookPosition& position, const ExchangeBooks& books) {
        const bool busy = std::any_of(books.orders.begin(), books.orders.end(),
                                      [&](const BookOrder& o) { return o.instrument == position.instrument; });
        if (busy) return;
        int& tries = tries_of(position.instrument);
        const double band = std::min(settings_.band_pct + settings_.band_step_pct * tries, settings_.band_max_pct);
        Quote quote;
        quote.last = position.last.positive() ? position.last : position.tick;
        if (position.bid.positive()) {
            quote.bid = position.bid;
            quote.flags |= kTickHasBid;
        }
        if (position.ask.positive()) {
            quote.ask = position.ask;
            quote.flags |= kTickHasAsk;
        }
        const Side side = position.net.units() > 0 ? Side::sell : Side::buy;
        const Price limit = marketable_limit(side, &quote, position.last, band, position.tick);
        const int64_t most =
            position.freeze.units() > 0
                ? std::max<int64_t>(1, position.freeze.units() / position.lot.units()) * position.lot.units()
                : std::abs(position.net.units());
        for (int64_t left = std::abs(position.net.units()); left > 0; left -= std::min(left, most)) {
            send(position, side, Quantity(std::min(left, most)), limit, tries);
        }
        ++tries;
    }

    void send(const BookPosition& position, Side side, Quantity quantity, Price limit, int tries) {
        Order order;
        order.id = OrderId(kFirstWatchdogOrder + ++sent_);
        order.instrument = position.instrument;
        order.side = side;
        order.purpose = OrderPurpose::exit;
        order.quantity = quantity;
        order.limit = limit;
        own_.push_back({order.id, now_, position.instrument, position.symbol});
        ++result_.orders;
        note(fmt::format("{} {} {} at {} or better (try {})", tide::name_of(side), quantity.units(), position.symbol,
                         to_string(limit), tries + 1));
        exchange_.submit(order);
    }

    int& tries_of(InstrumentId id) {
        const auto found = std::find_if(tries_.begin(), tries_.end(), [&](const auto& t) { return t.first == id; });
        if (found != tries_.end()) return found->second;
        return tries_.emplace_back(id, 0).second;
    }

    void hear() {
        Event event;
        while (exchange_.pop_due(now_, event)) {
            const auto& update = std::get<OrderUpdateEvent>(event.payload);
            if (update.kind == OrderUpdateKind::filled) note_fill(update);
            std::string text = fmt::format("the exchange: order {} {}", update.order.value(), name_of(update.kind));
            if (update.kind == OrderUpdateKind::filled)
                text += fmt::format(", {} at {}", update.quantity.units(), to_string(update.price));
            if (!update.reason.empty()) text += fmt::format(" ({})", update.reason);
            note(std::move(text));
        }
    }

    void note_fill(const OrderUpdateEvent& fill) {
        ++result_.fills;
        const auto own = std::find_if(own_.begin(), own_.end(), [&](const Asked& a) { return a.order == fill.order; });
        if (own != own_.end())
            result_.closes.push_back({now_, own->instrument, own->symbol, fill.quantity, fill.price});
    }

    ExchangeLink& exchange_;
    const EmergencyCloseSettings& settings_;
    const std::function<ReceiveTime()>& clock_;
    EmergencyResult result_;
    ReceiveTime now_{};
    std::vector<Asked> cancels_, own_;
    std::vector<InstrumentId> kept_;  // bought legs that had to wait
    std::vector<std::pair<InstrumentId, int>> tries_;
    uint64_t sent_ = 0;
};

}  // namespace

Result<EmergencyResult> close_everything(ExchangeLink& exchange, const EmergencyCloseSettings& settings,
                                         const std::function<ReceiveTime()>& now, const std::function<void()>& wait) {
    return Closing(exchange, settings, now).run(wait);
}

}  // namespace tide
