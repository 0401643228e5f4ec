"""The hostile VMM (tests/hostile): attempts, walls to make them behind, who stopped each, and the page that says so."""
