"""What questionnaires say: consistency, change, personas."""
