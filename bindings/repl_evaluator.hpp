#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/lua_limits.hpp"
#include "bindings/repl_value.hpp"
#include "core/result.hpp"

namespace tide {

// Where the REPL's views come from: a running engine, or a journal.
class ReplSource {
  public:
    virtual ~ReplSource() = default;
    // `argument`: "key=value" pairs joined by ';' (OperatorArgument). Errors are told to whoever typed, in one line.
    virtual Result<ReplValue> ask(std::string_view view, std::string_view argument) = 0;
};

// What came of one chunk.
struct ReplAnswer {
    std::vector<std::vector<ReplValue>> printed;  // one entry a call of print
    std::vector<ReplValue> values;
    std::string error;                      // one line; empty: it went well
    std::optional<ErrorCode> source_error;  // of the view that failed, when that is what ended the chunk
};

// Runs what is typed into `engine repl`: in the strategies' sandbox, with a budget of its own, on the client's side.
// Nothing in it can change an engine: it only ever asks a ReplSource. Globals live from chunk to chunk, locals do not.
class ReplEvaluator {
  public:
    static constexpr int kViewsPerChunkMax = 1000;
    static constexpr size_t kSourceBytesMax = size_t(64) << 10;

    static LuaLimits limits();
    // `source` must outlive this.
    explicit ReplEvaluator(ReplSource& source, const LuaLimits& limits = ReplEvaluator::limits());
    ~ReplEvaluator();
    ReplEvaluator(const ReplEvaluator&) = delete;
    ReplEvaluator& operator=(const ReplEvaluator&) = delete;

    // An expression or statements; "= x" is "return x". After a hard memory limit the globals are gone.
    ReplAnswer evaluate(std::string_view text);
    // Whether `text` is the beginning of a chunk whose end is missing.
    bool is_incomplete(std::string_view text);
    // Ends of the name at the end of `line` ("sta" -> "status", "stats"), sorted; `line` up to the name is left out.
    std::vector<std::string> complete(std::string_view line);

    struct Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
