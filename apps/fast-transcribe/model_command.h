#pragma once
// fast-transcribe model pull|list|verify|pack|remove
namespace CLI {
class App;
}

namespace ft {

/// Adds the subcommand. It runs inside app.parse(): answers go to stdout, progress and complaints to stderr; ft::Error
/// for what was asked wrongly comes out of parse(). `exit_code` (which must live as long as the parse) becomes 1 when
/// something failed or is damaged; the other models of the same command are still done.
void add_model_command(CLI::App& app, int& exit_code);

}  // namespace ft
