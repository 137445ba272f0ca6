"""AST into Graph: names, shapes, kinds, elaboration. `check_file` is the way in."""
