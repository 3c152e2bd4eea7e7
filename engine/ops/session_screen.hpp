#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trading/recorder.hpp"

// What a person sees while a session runs: a quiet stream of lines, and on a terminal a small living block under it.
// The stream stays in the terminal's history; only the block is drawn again.
namespace tide {

struct LivePrice {
    std::string name;  // "NIFTY", "VIX"
    Price last;        // 0: none yet
};
struct LivePosition {
    std::string instrument;
    Side side = Side::buy;
    int64_t lots = 0, lot_size = 1;
    Price entry, last;
    std::optional<Price> stop;
    std::string stop_on;  // whose price the stop watches, where that is not the instrument's own: "NIFTY"
    Money net;
};
// The state now; the driver fills one at most ten times a second.
struct LiveView {
    ReceiveTime now;
    std::string phase;  // "open", "square_off", …
    std::vector<LivePrice> prices;
    Money equity, day_gross, day_charges, day_net;
    std::vector<LivePosition> positions;
    std::string halt;  // why entries are closed, empty when they are open
    std::string data;  // what is wrong with the market data, empty when nothing is
};

struct SessionScreenOptions {
    std::FILE* out = stdout;
    bool living = false;  // redraw a block with ANSI codes (a terminal, not --plain)
    bool colour = false;  // a terminal without NO_COLOR
    int width = 0;        // columns; 0 = ask the terminal, 80 when it cannot say
    std::string title;    // "paper · synthetic market, seed 7 · 60x"
    // Lot size of an instrument, for "2 x 65"; without it quantities are in units.
    std::function<int64_t(InstrumentId)> lot_size;
    double material_stop_move_pct = 0.2;  // of the level; smaller moves of a stop are not shown
    int notes_per_day = 20;               // of each source at level info
    // In the stream of lines: a day on which nothing but the clock happened is counted, not told.
    bool skip_quiet_days = false;
};

class SessionScreen final : public Recorder {
  public:
    explicit SessionScreen(SessionScreenOptions options);
    ~SessionScreen() override;  // finish()

    void record(const Record& record) override;
    // Draws what has changed since the last call.
    void on_quotes(const LiveView& view);
    // Leaves the stream and gives the cursor back. Later records are lines without a block.
    void finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
