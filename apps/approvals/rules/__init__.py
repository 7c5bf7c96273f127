"""Pure rules: transitions, policies, the working calendar. No ORM, clock or I/O."""
