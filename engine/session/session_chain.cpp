#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "session/session.hpp"

// Option chains: their values when a script asks, word of new ones, and the VIX that one may stand in for.
namespace tide {
namespace {

constexpr Duration kChainVixPeriod = minutes(1);
constexpr std::string_view kVixUnderlying = "NIFTY";  // India VIX is defined on its options

double number(const std::optional<double>& value) { return value.value_or(kMissing); }

}  // namespace

void Session::gather(std::span<const Instrument* const> options) const {
    chain_quotes_.clear();
    for (const Instrument* option : options) {
        ChainQuote row;
        row.strike = option->strike.to_double();
        row.right = option->right;
        if (const auto quote = market_.prices().quote(option->id, now_)) {
            row.last = quote->last.to_double();
            if (quote->has_bid()) row.bid = quote->bid.to_double();
            if (quote->has_ask()) row.ask = quote->ask.to_double();
            if (quote->has_oi()) row.oi = static_cast<double>(quote->oi);
            if (quote->has_volume()) row.volume = static_cast<double>(quote->volume);
            if (quote->first_last) row.first_last = quote->first_last->to_double();
            if (quote->first_oi) row.first_oi = static_cast<double>(*quote->first_oi);
            row.age_s = std::chrono::duration<double>(now_ - quote->time).count();
            row.model = quote->model();
        }
        chain_quotes_.push_back(row);
    }
}

void Session::value_chain(std::span<const Instrument* const> options, Price spot) const {
    gather(options);
    ChainTerms terms;
    terms.t_years = years_to_expiry(config_.option_model, *options.front()->expiry, now_);
    terms.rate = config_.option_model.rate;
    terms.spot = spot.to_double();
    terms.stale_s = config_.risk.stale_quote_s;
    for (const Instrument& other : book().all()) {
        const bool same = other.kind == InstrumentKind::future && other.underlying == options.front()->underlying &&
                          other.expiry == options.front()->expiry;
        const auto price = same ? market_.prices().last(other.id, now_) : std::nullopt;
        if (price) terms.future = price->to_double();
    }
    chain_values_.compute(terms, chain_quotes_);
}

ChainRow Session::chain_row(const Instrument& option, size_t index) const {
    const ChainQuote& quote = chain_quotes_[index];
    const ChainValues& values = chain_values_.values()[index];
    ChainRow row;
    row.symbol = option.symbol;
    row.strike = quote.strike;
    row.right = std::string(name_of(option.right));
    row.lot = option.lot.units();
    row.last = quote.last;
    row.bid = quote.bid;
    row.ask = quote.ask;
    row.oi = quote.oi;
    row.volume = quote.volume;
    row.age_s = quote.age_s;
    row.model = quote.model;
    row.mid = values.mid;
    row.iv = values.iv;
    row.delta = values.greeks.delta;
    row.gamma = values.greeks.gamma;
    row.theta = values.greeks.theta_day;
    row.vega = values.greeks.vega_pct;
    row.oi_change = values.oi_change;
    row.build_up = name_of(values.build_up);
    row.crossed = values.has(kRowCrossed);
    row.stale = values.has(kRowStale);
    row.no_quote = values.has(kRowNoQuote);
    row.iv_of_pair = values.has(kRowIvOfPair);
    if (const auto fed = market_.prices().quote(option.id, now_)) {
        row.liquidity = liquidity_of(*fed, option.kind, config_.risk.min_open_interest, config_.chain);
    }
    return row;
}

void Session::add_figures(ChainSnapshot& snapshot) const {
    const ChainFigures& figures = chain_values_.figures();
    snapshot.forward = number(figures.forward);
    snapshot.forward_source = name_of(figures.forward_source);
    snapshot.pcr = number(figures.pcr_oi);
    snapshot.pcr_volume = number(figures.pcr_volume);
    snapshot.max_pain = number(figures.max_pain);
    snapshot.atm_iv = number(figures.atm_iv);
    snapshot.skew = number(figures.skew);
    snapshot.risk_reversal = number(figures.risk_reversal);
    snapshot.expected_move = number(figures.expected_move);
    if (const auto rank = vix_rank()) {
        snapshot.iv_rank = rank->rank;
        snapshot.iv_percentile = rank->percentile;
    }
}

// Like with like: today's VIX among the VIX closes of earlier days.
std::optional<VolatilityRank> Session::vix_rank() const {
    const VixReading& now = market_.prices().vix();
    if (!now.known()) return std::nullopt;
    std::vector<double> days;
    for (const Instrument& instrument : book().all()) {
        if (instrument.kind != InstrumentKind::volatility_index) continue;
        const size_t count = std::min(market_.series().count(instrument.id, Timeframe::d1), kRankDays);
        for (size_t back = 0; back < count; ++back) {
            days.push_back(market_.series().at(instrument.id, Timeframe::d1, back)->close.to_double());
        }
        break;
    }
    return volatility_rank(now.level, days);
}

void Session::note_chain_price(InstrumentId id) {
    const Instrument* instrument = book().find(id);
    if (instrument == nullptr || !instrument->is_option()) return;
    auto watch = std::find_if(chain_watches_.begin(), chain_watches_.end(),
                              [&](const ChainWatch& w) { return w.underlying == instrument->underlying; });
    if (watch == chain_watches_.end()) {
        chain_watches_.push_back({instrument->underlying, {}, false});
        watch = chain_watches_.end() - 1;
    }
    if (now_ < watch->next) return;
    watch->moved = chain_moved_ = true;
}

void Session::deliver_chains() {
    chain_moved_ = false;
    const auto wait = Duration(static_cast<int64_t>(config_.chain_refresh_s * 1e9));
    for (ChainWatch& watch : chain_watches_) {
        if (!std::exchange(watch.moved, false)) continue;
        watch.next = now_ + wait;
        for (const auto& owner : runners_) {
            const int32_t index = owner->symbol_index(watch.underlying);
            if (!owner->active() || index < 0) continue;
            const std::string& symbol = owner->declaration().symbols[static_cast<size_t>(index)];
            call(*owner, ChainMessage{index}, symbol, symbol);
        }
    }
}

std::optional<ChainVix> Session::vix_of_chain(InstrumentId underlying) const {
    std::vector<ExpiryVariance> expiries;
    for (const Date date : book().option_expiries(underlying, ist_date(now_))) {
        const double years = years_to_expiry(config_.option_model, date, now_);
        if (years < kVixYearsMin) continue;
        gather(book().options(underlying, date));
        const auto variance =
            expiry_variance(chain_quotes_, years, config_.option_model.rate, config_.risk.stale_quote_s);
        if (variance) expiries.push_back(*variance);
    }
    return chain_vix(expiries);
}

void Session::stand_in_for_vix() {
    if (now_ < next_chain_vix_) return;
    next_chain_vix_ = now_ + kChainVixPeriod;
    const VixReading& reading = market_.prices().vix();
    const auto stale_after = Duration(static_cast<int64_t>(config_.risk.vix_stale_min * 60e9));
    const bool for_day = config_.over_history &&
                         (reading.source == VixSource::daily || reading.source == VixSource::realised) &&
                         ist_date(reading.time) == ist_date(now_);
    const bool real = reading.known() && reading.source != VixSource::chain;
    if (real && (for_day || now_ - reading.time <= stale_after)) {
        if (std::exchange(chain_vix_expiries_, 0) != 0) record(NoteRecord{"info", "market", "the VIX is back"});
        return;
    }
    const InstrumentId underlying = find_instrument(kVixUnderlying);
    const auto vix = underlying.valid() ? vix_of_chain(underlying) : std::nullopt;
    if (!vix) return;
    if (std::exchange(chain_vix_expiries_, vix->expiries) != vix->expiries) {
        record(NoteRecord{"warning", "market",
                          fmt::format("no VIX: {:.2f} from {} of the {} option chain stands in for it", vix->level,
                                      vix->expiries == 2 ? "two expiries" : "one expiry alone", kVixUnderlying)});
    }
    market_.prices().stand_in_vix(vix->level, now_);
    guardian_.on_vix(now_, actions_);
}

}  // namespace tide
