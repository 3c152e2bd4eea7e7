#include <fmt/format.h>
#include <signal.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "brokers/exchange_server.hpp"
#include "brokers/remote_exchange.hpp"

namespace tide {
namespace {

volatile sig_atomic_t g_stop = 0;
void on_stop(int) { g_stop = 1; }

// One that a session has started is not ended by that session's Ctrl-C.
void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop;
    ::sigaction(SIGTERM, &action, nullptr);
    struct sigaction before {};
    ::sigaction(SIGINT, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(SIGINT, &action, nullptr);
}

Result<ExitCode> show_books(const Paths& paths, bool json) {
    auto exchange = RemoteExchange::connect(paths.exchange_socket(), WireRole::reader, "", 5);
    if (!exchange) {
        return make_error(ErrorCode::unreachable, fmt::format("no paper exchange runs in {}", paths.home.string()));
    }
    auto books = (*exchange)->books();
    if (!books) return books.error();
    nlohmann::ordered_json document{{"schema_version", 1},
                                    {"flat", books->flat()},
                                    {"session", books->session},
                                    {"trades", books->trades},
                                    {"orders", nlohmann::ordered_json::array()},
                                    {"positions", nlohmann::ordered_json::array()}};
    for (const auto& order : books->orders) {
        document["orders"].push_back({{"order", order.id.value()},
                                      {"instrument", order.symbol},
                                      {"side", name_of(order.side)},
                                      {"quantity", order.remaining.units()},
                                      {"limit", to_string(order.limit)}});
    }
    for (const auto& position : books->positions) {
        document["positions"].push_back({{"instrument", position.symbol}, {"net", position.net.units()}});
    }
    if (json) {
        std::cout << document.dump(2) << "\n";
        return ExitCode::done;
    }
    fmt::print("{} position(s), {} order(s)\n", books->positions.size(), books->orders.size());
    for (const auto& position : books->positions) fmt::print("{:>10}  {}\n", position.net.units(), position.symbol);
    for (const auto& order : books->orders) {
        fmt::print("order {}: {} {} {} at {}\n", order.id.value(), name_of(order.side), order.remaining.units(),
                   order.symbol, to_string(order.limit));
    }
    return ExitCode::done;
}

}  // namespace

Result<ExitCode> paper_exchange_command(const ExchangeOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    if (options.show) return show_books(*paths, options.json);
    if (auto ready = prepare_home(*paths); !ready) return ready.error();
    if (connect_unix(paths->exchange_socket(), 1)) {
        return make_error(ErrorCode::io, fmt::format("a paper exchange runs in {} already", paths->home.string()));
    }
    listen_to_signals();
    if (!options.once) fmt::print(stderr, "paper exchange at {}\n", paths->exchange_socket().string());
    if (auto served = serve_exchange(paths->exchange_socket(), options.once, [] { return g_stop != 0; }); !served)
        return served.error();
    return ExitCode::done;
}

}  // namespace tide
