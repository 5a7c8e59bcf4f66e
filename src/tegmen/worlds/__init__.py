"""What we do not know: one draw of every unknown is a world."""
