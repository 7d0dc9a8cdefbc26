"""What a signed prescription may say, what it says in two ways, and what each fill delivers."""
