#include "ops/tax_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>

namespace tide {
namespace {

// A contract's name carries its expiry: "NIFTY 2026-11-24 24500 CE".
bool has_expiry(std::string_view instrument) {
    for (size_t blank = instrument.find(' '); blank != std::string_view::npos;
         blank = instrument.find(' ', blank + 1)) {
        if (parse_date(instrument.substr(blank + 1, 10))) return true;
    }
    return false;
}

struct Lot {
    std::string order;  // of a session
    bool bought;
    ReceiveTime opened;
    int64_t quantity;
    Price price;
};

// First in, first out, contract by contract. Slices of the same two orders are one trade.
class FifoBook {
  public:
    explicit FifoBook(std::vector<ClosedTrade>& closed) : closed_(closed) {}

    void add(const std::string& account, const FillRow& fill) {
        const std::string order = fmt::format("{}:{}", fill.session_id, fill.order);
        const bool buys = fill.side == "buy";
        auto& lots = lots_[{account, fill.instrument}];
        int64_t left = fill.quantity;
        while (left > 0 && !lots.empty() && lots.front().bought != buys) {
            Lot& lot = lots.front();
            const int64_t quantity = std::min(left, lot.quantity);
            close(account, fill, order, lot, quantity);
            left -= quantity;
            lot.quantity -= quantity;
            if (lot.quantity == 0) lots.pop_front();
        }
        if (left > 0) lots.push_back({order, buys, fill.time, left, fill.price});
    }
    std::vector<OpenLot> open() const {
        std::vector<OpenLot> open;
        for (const auto& [key, lots] : lots_) {
            for (const Lot& lot : lots) {
                open.push_back({key.first, key.second, lot.bought ? "buy" : "sell", lot.opened, lot.quantity,
                                lot.price * Quantity(lot.quantity)});
            }
        }
        return open;
    }

  private:
    void close(const std::string& account, const FillRow& fill, const std::string& order, const Lot& lot,
               int64_t quantity) {
        const auto [known, is_new] = trade_of_.try_emplace({account, lot.order, order}, closed_.size());
        if (is_new) closed_.push_back({account, fill.instrument, lot.opened, fill.time, !lot.bought, 0, {}, {}});
        ClosedTrade& trade = closed_[known->second];
        trade.closed = fill.time;
        trade.quantity += quantity;
        const Money opened = lot.price * Quantity(quantity);
        const Money ended = fill.price * Quantity(quantity);
        trade.bought += lot.bought ? opened : ended;
        trade.sold += lot.bought ? ended : opened;
    }

    std::vector<ClosedTrade>& closed_;
    std::map<std::array<std::string, 3>, size_t> trade_of_;                // by account, opening and closing order
    std::map<std::pair<std::string, std::string>, std::deque<Lot>> lots_;  // by account and contract
};

// Instalments fall due on 15 June, 15 September, 15 December and 15 March (Income-tax Act, advance tax).
std::vector<TaxReport::Period> periods_of(int year) {
    const std::array<Date, 6> starts{make_date(year, 4, 1),   make_date(year, 6, 16),     make_date(year, 9, 16),
                                     make_date(year, 12, 16), make_date(year + 1, 3, 16), make_date(year + 1, 4, 1)};
    std::vector<TaxReport::Period> periods;
    for (size_t i = 0; i + 1 < starts.size(); ++i)
        periods.push_back({starts[i], starts[i + 1] - std::chrono::days(1), {}, {}});
    return periods;
}
TaxReport::Period* period_at(std::vector<TaxReport::Period>& periods, ReceiveTime time) {
    const Date date = ist_date(time);
    const auto found = std::find_if(periods.begin(), periods.end(),
                                    [&](const auto& period) { return period.from <= date && date <= period.to; });
    return found == periods.end() ? nullptr : &*found;
}

void add_charges(ChargeBreakdown& sum, const FillRow& fill) {
    sum.brokerage += fill.brokerage;
    sum.stt += fill.stt;
    sum.exchange += fill.exchange;
    sum.ipft += fill.ipft;
    sum.sebi += fill.sebi;
    sum.stamp += fill.stamp;
    sum.gst += fill.gst;
}

}  // namespace

Result<int> parse_financial_year(const std::string& text) {
    const bool shaped = text.size() == 7 && text[4] == '-' && std::all_of(text.begin(), text.end(), [](char c) {
                            return c == '-' || (c >= '0' && c <= '9');
                        });
    if (shaped && text.find('-') == 4 && text.rfind('-') == 4) {
        const int first = std::stoi(text.substr(0, 4));
        if (first >= 2000 && (first + 1) % 100 == std::stoi(text.substr(5))) return first;
    }
    return make_error(ErrorCode::usage, fmt::format("--fy {}: give a financial year as 2026-27", text));
}

TaxReport make_tax_report(std::span<const FillRow> fills, int first_year) {
    TaxReport report;
    report.first_year = first_year;
    report.periods = periods_of(first_year);
    report.paper = std::none_of(fills.begin(), fills.end(), [](const FillRow& fill) { return fill.mode == "live"; });
    std::vector<ClosedTrade> closed;
    FifoBook book(closed);
    for (const FillRow& fill : fills) {
        if ((fill.mode == "live") == report.paper || ist_date(fill.time) > report.periods.back().to) continue;
        TaxReport::Period* period = period_at(report.periods, fill.time);
        if (!has_expiry(fill.instrument)) {
            report.trades_in_shares += period == nullptr ? 0 : 1;
            continue;
        }
        book.add(report.paper ? fill.session_id : "live", fill);
        if (period == nullptr) continue;
        period->charges += fill.charges;
        add_charges(report.charges, fill);
    }
    for (ClosedTrade& trade : closed) {
        TaxReport::Period* period = period_at(report.periods, trade.closed);
        if (period == nullptr) continue;
        const Money profit = trade.profit();
        period->profit += profit;
        report.profit += profit;
        report.turnover += profit < Money() ? -profit : profit;
        report.trades.push_back(std::move(trade));
    }
    report.open = book.open();
    return report;
}

}  // namespace tide
